package daemon

import (
	"context"
	"sync"
	"time"

	"complaints"
	"complaints/store"
)

// rules is the policy in force: what the configuration says, with the
// register, the calendar and the keys that stand in the database. It is read
// anew when the desk's version has grown.
type rules struct {
	db           *store.DB
	base         complaints.Policy
	jurisdiction string

	mu      sync.Mutex
	asked   time.Time
	version int64
	policy  *complaints.Policy
}

// fresh is how long an answer is used without asking the database again.
const fresh = 250 * time.Millisecond

// current gives the policy in force.
func (r *rules) current(ctx context.Context) (*complaints.Policy, error) {
	p, _, err := r.at(ctx)
	return p, err
}

// forget has the next question asked of the database.
func (r *rules) forget() {
	r.mu.Lock()
	r.asked = time.Time{}
	r.mu.Unlock()
}

// at gives the policy in force, and the desk's version of which it is.
func (r *rules) at(ctx context.Context) (*complaints.Policy, int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.policy != nil && time.Since(r.asked) < fresh {
		return r.policy, r.version, nil
	}
	v, err := r.db.DeskVersion(ctx)
	if err != nil {
		return nil, 0, err
	}
	if r.policy == nil || v != r.version {
		p := r.base
		if p.Register, _, err = r.db.Register(ctx); err != nil {
			return nil, 0, err
		}
		if p.Calendar, err = r.db.Calendar(ctx, r.jurisdiction); err != nil {
			return nil, 0, err
		}
		if p.Verdict, err = r.db.Verdict(ctx); err != nil {
			return nil, 0, err
		}
		if len(p.Keys) == 0 {
			if p.Keys, err = r.db.TokenKeys(ctx); err != nil {
				return nil, 0, err
			}
		}
		r.policy, r.version = &p, v
	}
	r.asked = time.Now()
	return r.policy, r.version, nil
}

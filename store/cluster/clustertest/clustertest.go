// Package clustertest gives tests a database of their own on a real PostgreSQL.
//
//  1. The first test of a test binary that asks starts one ephemeral cluster;
//     the others share it. It ends with the test binary, however that ends.
//  2. A schema is filled once into a template database.
//  3. Each test gets a copy of it (about 50 ms), dropped when the test is over.
//
// Where PostgreSQL is not installed a test is skipped, and says what to install;
// with CI=true it fails.
package clustertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"complaints/store/cluster"
)

// shared is the cluster of this test binary, started by the first test.
var shared = sync.OnceValues(func() (*pool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	c, err := cluster.Start(ctx, cluster.Options{Ephemeral: true, Log: quiet})
	return &pool{cluster: c, templates: map[string]error{}}, err
})

type pool struct {
	cluster *cluster.Cluster

	mu        sync.Mutex
	made      int              // databases so far, for their names
	templates map[string]error // by name: how filling it went
}

// Cluster returns the shared cluster. A test that stops it starts it again.
func Cluster(t testing.TB) *cluster.Cluster {
	t.Helper()
	return use(t).cluster
}

func use(t testing.TB) *pool {
	t.Helper()
	p, err := shared()
	if errors.Is(err, cluster.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(cluster.ErrNotInstalled)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// URL returns the connection string of a fresh, empty database.
func URL(t testing.TB) string {
	t.Helper()
	return use(t).database(t, "template0")
}

// Filled returns the connection string of a fresh database with the content
// that fill gave the template of this name, once for the test binary. fill must
// have closed its connections when it returns.
func Filled(t testing.TB, template string, fill func(url string) error) string {
	t.Helper()
	p := use(t)
	p.mu.Lock()
	err, known := p.templates[template]
	if !known {
		err = p.cluster.CreateDB(context.Background(), template)
		if err == nil {
			err = fill(p.cluster.URL(template))
		}
		p.templates[template] = err
	}
	p.mu.Unlock()
	if err != nil {
		t.Fatalf("fill template %s: %v", template, err)
	}
	return p.database(t, template)
}

func (p *pool) database(t testing.TB, template string) string {
	t.Helper()
	p.mu.Lock()
	p.made++
	name := fmt.Sprintf("test_%d", p.made)
	err := p.cluster.CreateFromTemplate(context.Background(), name, template)
	p.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.cluster.DropDB(context.Background(), name); err != nil {
			t.Errorf("after the test: %v", err)
		}
	})
	return p.cluster.URL(name)
}

package main

import (
	"context"
	"testing"
	"time"

	"complaints/cmd/complaintsd/config"
	"complaints/store"
	"complaints/store/cluster/clustertest"
)

// The case file counts the working days of the office whose case it is.
func TestCaseFileCountsTheOfficesDays(t *testing.T) {
	ctx := context.Background()
	db, err := store.Open(ctx, clustertest.URL(t), quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for _, days := range []string{"cn", "en-gb"} {
		k := &office{cfg: &config.Config{Location: time.UTC}, db: db}
		k.cfg.Policy.Calendar = days
		if p := k.casePolicy(ctx); p.Calendar == nil || p.Calendar.Jurisdiction != days {
			t.Errorf("an office that counts the days of %s: %+v", days, p.Calendar)
		}
	}
}

package command

import "testing"

func TestFit(t *testing.T) {
	fit, limit := Fit(1)
	if fit != 1 || limit <= 0 {
		t.Errorf("of 1 slot %d fit into %d descriptors", fit, limit)
	}
	if fit, _ := Fit(1 << 30); fit > limit/perSlot || fit < 1 {
		t.Errorf("%d slots fit into %d descriptors", fit, limit)
	}
}

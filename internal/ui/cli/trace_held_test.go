package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestHeld gives back what was held, in its order, and leaves no file behind.
func TestHeld(t *testing.T) {
	for _, lines := range []int{0, 10, 3 * mostHeld / 1000} {
		t.Setenv("TMPDIR", t.TempDir())
		var h held
		var want, got strings.Builder
		for i := range lines {
			line := fmt.Sprintf("%01000d\n", i)
			want.WriteString(line)
			if !h.add(line) {
				t.Fatalf("%d lines are not held", i)
			}
		}
		if len(h.text) > mostHeld || (h.file != nil) != (want.Len() > mostHeld) {
			t.Errorf("%d lines: %d bytes in memory, a file: %v", lines, len(h.text), h.file != nil)
		}
		h.release(&got)
		if got.String() != want.String() {
			t.Errorf("%d lines: %d bytes of %d came back", lines, got.Len(), want.Len())
		}
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
			t.Errorf("%v are left, %v", left, err)
		}
	}
}

// TestHeldWithoutFile: without a place for a file no line is lost.
func TestHeldWithoutFile(t *testing.T) {
	t.Setenv("TMPDIR", "/nonexistent")
	var h held
	var got strings.Builder
	n := 3 * mostHeld / 1000
	for range n {
		if line := strings.Repeat("x", 999) + "\n"; !h.add(line) {
			got.WriteString(line)
		}
	}
	h.release(&got)
	if got.Len() != n*1000 {
		t.Errorf("%d bytes of %d", got.Len(), n*1000)
	}
}

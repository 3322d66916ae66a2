package bindings

import (
	"fmt"
	"strings"
	"testing"
)

// TestIndex: names of every length are found, and none that is not there.
func TestIndex(t *testing.T) {
	var x index
	if x.get("a") != nil {
		t.Error("an empty index has a name")
	}
	names := map[string]*Binding{}
	for i := range 2000 {
		// Lengths on both sides of what fits into a slot, and many that differ
		// only in the last byte.
		name := strings.Repeat("a", i%200) + "." + fmt.Sprint(i)
		names[name] = &Binding{Key: Key{kind: KindName, host: name}}
		x.put(names[name])
	}
	for name, b := range names {
		if x.get(name) != b {
			t.Errorf("%s is not found", name)
		}
		if x.get(name+"0") != names[name+"0"] || x.get(name[1:]) != names[name[1:]] {
			t.Errorf("a name like %s is found", name)
		}
	}
	if x.count != 2000 {
		t.Error(x.count)
	}
	for _, s := range x.shards {
		if 5*s.count > 4*len(s.slots) {
			t.Error(s.count, len(s.slots))
		}
	}
	// A clone that changes leaves the index as it was.
	c := x.clone()
	for name := range names {
		c.remove(name)
	}
	for name, b := range names {
		if x.get(name) != b || c.get(name) != nil {
			t.Errorf("%s: %v, %v", name, x.get(name), c.get(name))
		}
	}
	if x.count != 2000 || c.count != 0 {
		t.Error(x.count, c.count)
	}
}

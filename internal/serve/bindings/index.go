package bindings

import "hash/maphash"

// index finds bindings by host name. It is a hash table with open addressing,
// built once. Among very many names the time of a lookup is the time of fetching
// memory, and Go's map fetches five or six lines that hang on one another where
// this fetches one: a slot is a cache line and has the name in it. A table that
// is rather full is faster than one that is half empty: the slots that a search
// passes follow one another, and fewer pages of memory are touched.
type index struct {
	seed  maphash.Seed
	slots []slot // a power of two, at least a fifth of them empty
	count int
}

// slot is 64 bytes. It is empty if binding is nil. Names that do not fit, of
// which there are few, are compared with the key of the binding.
type slot struct {
	binding *Binding
	length  uint8
	name    [inlineName]byte
}

// inlineName is the length of names, in bytes, up to which they are in the slot.
const inlineName = 55

func newIndex(slots int) index {
	return index{seed: maphash.MakeSeed(), slots: make([]slot, slots)}
}

// put files a binding under its host, which is not in the index yet.
func (x *index) put(b *Binding) {
	if 5*(x.count+1) > 4*len(x.slots) {
		larger := newIndex(max(2, 2*len(x.slots)))
		for i := range x.slots {
			if old := x.slots[i].binding; old != nil {
				larger.insert(old)
			}
		}
		*x = larger
	}
	x.insert(b)
}

func (x *index) insert(b *Binding) {
	name, mask := b.Key.host, uint64(len(x.slots)-1)
	i := maphash.String(x.seed, name) & mask
	for x.slots[i].binding != nil {
		i = (i + 1) & mask
	}
	s := &x.slots[i]
	s.binding, s.length = b, uint8(len(name)) // a host has at most 253 bytes
	copy(s.name[:], name)
	x.count++
}

// remove takes a name out, which is in the index. What follows moves up, so that
// no search stops at the gap before it has found what it looks for.
func (x *index) remove(name string) {
	mask := uint64(len(x.slots) - 1)
	i := maphash.String(x.seed, name) & mask
	for !x.slots[i].has(name) {
		i = (i + 1) & mask
	}
	for next := (i + 1) & mask; x.slots[next].binding != nil; next = (next + 1) & mask {
		home := maphash.String(x.seed, x.slots[next].binding.Key.host) & mask
		if (next-home)&mask >= (next-i)&mask { // its search passes the gap
			x.slots[i] = x.slots[next]
			i = next
		}
	}
	x.slots[i] = slot{}
	x.count--
}

// get gives the binding of a name, nil if there is none. The seed is secret, so
// nobody can send names that all lead to the same place.
func (x *index) get(name string) *Binding {
	if x.count == 0 || name == "" {
		return nil
	}
	mask := uint64(len(x.slots) - 1)
	for i := maphash.String(x.seed, name) & mask; ; i = (i + 1) & mask {
		s := &x.slots[i]
		if s.binding == nil || s.has(name) {
			return s.binding
		}
	}
}

func (s *slot) has(name string) bool {
	if int(s.length) != len(name) {
		return false
	}
	if len(name) > inlineName {
		return s.binding.Key.host == name
	}
	return string(s.name[:len(name)]) == name
}

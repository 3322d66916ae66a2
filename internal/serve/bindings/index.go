package bindings

import (
	"hash/maphash"
	"slices"
)

// index finds bindings by host name. It is a hash table with open addressing.
// Among very many names the time of a lookup is the time of fetching
// memory, and Go's map fetches five or six lines that hang on one another where
// this fetches one: a slot is a cache line and has the name in it. A table that
// is rather full is faster than one that is half empty: the slots that a search
// passes follow one another, and fewer pages of memory are touched.
//
// It is in shards, so that a change of one name among very many copies one of them
// and not all.
type index struct {
	seed   maphash.Seed
	shards *[shardCount]shard // nil: it is empty
	count  int
}

const shardCount = 256

// shard is a hash table of its own.
type shard struct {
	slots  []slot // a power of two, at least a fifth of them empty
	count  int
	shared bool // another index has the same slots: they must not change
}

// slot is 64 bytes. It is empty if binding is nil. Names that do not fit, of
// which there are few, are compared with the key of the binding.
type slot struct {
	binding *Binding
	tag     uint16 // the name's length and a part of its hash: names that differ seldom share it
	name    [inlineName]byte
}

// inlineName is the length of names, in bytes, up to which they are in the slot.
const inlineName = 54

// tagOf gives the tag of a name. A host has at most 253 bytes.
func tagOf(name string, hash uint64) uint16 { return uint16(len(name)) | uint16(hash>>48)<<8 }

// clone gives an index with the same, which can be changed.
func (x *index) clone() index {
	c := *x
	if x.shards == nil {
		return c
	}
	shards := *x.shards
	for i := range shards {
		shards[i].shared = true
	}
	c.shards = &shards
	return c
}

// at gives the shard of a name, and the hash that is its place there.
func (x *index) at(name string) (*shard, uint64) {
	hash := maphash.String(x.seed, name)
	return &x.shards[hash>>56], hash
}

// own gives the shard of a name, to be changed.
func (x *index) own(name string) (*shard, uint64) {
	if x.shards == nil {
		x.seed, x.shards = maphash.MakeSeed(), &[shardCount]shard{}
	}
	s, hash := x.at(name)
	if s.shared {
		s.slots, s.shared = slices.Clone(s.slots), false
	}
	return s, hash
}

// put files a binding under its host, which is not in the index yet.
func (x *index) put(b *Binding) {
	s, hash := x.own(b.Key.host)
	if 5*(s.count+1) > 4*len(s.slots) {
		larger := shard{slots: make([]slot, max(2, 2*len(s.slots)))}
		for i := range s.slots {
			if old := s.slots[i].binding; old != nil {
				larger.insert(old, maphash.String(x.seed, old.Key.host))
			}
		}
		*s = larger
	}
	s.insert(b, hash)
	x.count++
}

func (s *shard) insert(b *Binding, hash uint64) {
	name, mask := b.Key.host, uint64(len(s.slots)-1)
	i := hash & mask
	for s.slots[i].binding != nil {
		i = (i + 1) & mask
	}
	at := &s.slots[i]
	at.binding, at.tag = b, tagOf(name, hash)
	copy(at.name[:], name)
	s.count++
}

// remove takes a name out, which is in the index. What follows moves up, so that
// no search stops at the gap before it has found what it looks for.
func (x *index) remove(name string) {
	s, hash := x.own(name)
	mask := uint64(len(s.slots) - 1)
	i := hash & mask
	for tag := tagOf(name, hash); s.slots[i].tag != tag || !s.slots[i].has(name); {
		i = (i + 1) & mask
	}
	for next := (i + 1) & mask; s.slots[next].binding != nil; next = (next + 1) & mask {
		home := maphash.String(x.seed, s.slots[next].binding.Key.host) & mask
		if (next-home)&mask >= (next-i)&mask { // its search passes the gap
			s.slots[i] = s.slots[next]
			i = next
		}
	}
	s.slots[i] = slot{}
	s.count--
	x.count--
}

// get gives the binding of a name, nil if there is none. The seed is secret, so
// nobody can send names that all lead to the same place.
func (x *index) get(name string) *Binding {
	if x.count == 0 || name == "" {
		return nil
	}
	s, hash := x.at(name)
	if s.count == 0 {
		return nil
	}
	mask, tag := uint64(len(s.slots)-1), tagOf(name, hash)
	for i := hash & mask; ; i = (i + 1) & mask {
		at := &s.slots[i]
		if at.binding == nil || at.tag == tag && at.has(name) {
			return at.binding
		}
	}
}

// has reports whether a name is the slot's, whose tag is its own.
func (s *slot) has(name string) bool {
	if len(name) > inlineName {
		return s.binding.Key.host == name
	}
	return string(s.name[:len(name)]) == name
}

package session

import (
	"bytes"
	"crypto/rand"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"
)

// Tickets are sealed and opened by many at once, while keys rotate and are set.
func TestKeysConcurrently(t *testing.T) {
	var k Keys
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for day := range 20 {
				at := now.Add(time.Duration(day) * 24 * time.Hour)
				if i == 0 && day == 10 {
					k.Set([][32]byte{{1}, {2}})
				}
				ticket, err := k.Seal(rand.Reader, at, example())
				if err != nil {
					t.Error(err)
					return
				}
				if s, _ := k.Open(at, ticket); s != nil && !reflect.DeepEqual(s, example()) {
					t.Errorf("opened %+v", s)
				}
			}
		})
	}
	wg.Wait()
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

func TestWithoutRandomness(t *testing.T) {
	var k Keys
	if ticket, err := k.Seal(broken{}, now, example()); err == nil {
		t.Errorf("sealed %x", ticket)
	}
}

// Two tickets of the same session have nothing in common but the key's name, so
// that nobody on the way sees that they are of one client.
func TestTicketsCannotBeLinked(t *testing.T) {
	var k Keys
	one, _ := k.Seal(rand.Reader, now, example())
	two, _ := k.Seal(rand.Reader, now, example())
	if bytes.Equal(one[nameLen:], two[nameLen:]) {
		t.Error("two tickets are the same")
	}
}

func FuzzTicket(f *testing.F) {
	var k Keys
	ticket, err := k.Seal(rand.Reader, now, example())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ticket[:nameLen], []byte{})
	f.Add(ticket[:nameLen+nonceLen+3], []byte("more"))
	f.Fuzz(func(t *testing.T, start, rest []byte) {
		forged := append(bytes.Clone(start), rest...)
		if s, _ := k.Open(now, forged); s != nil && !bytes.Equal(forged, ticket) {
			t.Errorf("opened %x, which nobody sealed: %+v", forged, s)
		}
	})
}

func TestAllocations(t *testing.T) {
	var k Keys
	s := example()
	ticket, _ := k.Seal(zeros{}, now, s)
	if n := testing.AllocsPerRun(20, func() { k.Seal(zeros{}, now, s) }); n > 1 {
		t.Errorf("a ticket takes %v allocations", n)
	}
	// What was sealed, the state, two strings and two lists.
	if n := testing.AllocsPerRun(20, func() { k.Open(now, ticket) }); n > 6 {
		t.Errorf("opening a ticket takes %v allocations", n)
	}
}

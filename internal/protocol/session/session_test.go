package session

import (
	"crypto/rand"
	"reflect"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
)

var now = time.Unix(1_700_000_000, 0)

func example() *State {
	return &State{
		Version: iana.TLS13, Suite: iana.TLS_AES_128_GCM_SHA256, Secret: []byte("secret"), EMS: true, MaxEarly: 16384,
		ALPN: "h2", ServerName: "a.example", Created: now, Lifetime: 3600, AgeAdd: 7,
		Chain: [][]byte{{1, 2}, {3}}, OCSPStaple: []byte{9}, SCTs: [][]byte{{8}},
		RawKey: []byte{10}, PSK: []byte("a key"), PSKTag: psk.Tag{11},
	}
}

func TestState(t *testing.T) {
	b := example().Append(nil)
	got, err := Parse(b)
	if err != nil || !reflect.DeepEqual(got, example()) {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(b) != example().size() {
		t.Errorf("%d bytes, announced were %d", len(b), example().size())
	}
	for n := range b {
		if _, err := Parse(b[:n]); err == nil {
			t.Errorf("cut to %d bytes and nobody saw it", n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(example().Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(s.Append(nil))
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("%+v, %+v, %v", s, again, err)
		}
	})
}

func TestTickets(t *testing.T) {
	var k Keys
	seal := func(at time.Time) []byte {
		ticket, err := k.Seal(rand.Reader, at, example())
		if err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	ticket := seal(now)
	if s, renew := k.Open(now, ticket); s == nil || renew || !reflect.DeepEqual(s, example()) {
		t.Errorf("%+v %v", s, renew)
	}
	for i := range ticket {
		ticket[i] ^= 1
		if s, _ := k.Open(now, ticket); s != nil {
			t.Errorf("byte %d was altered and nobody saw it", i)
		}
		ticket[i] ^= 1
	}
	day := 24 * time.Hour
	seal(now.Add(day + 1)) // a new key
	if s, renew := k.Open(now.Add(2*day), ticket); s == nil || !renew {
		t.Error("a ticket of the key before is not opened, or not renewed")
	}
	if s, _ := k.Open(now.Add(8*day), ticket); s != nil {
		t.Error("a ticket outlived its key")
	}
	var other Keys
	if s, _ := other.Open(now, ticket); s != nil {
		t.Error("a ticket of other keys was opened")
	}
	secret := [32]byte{1}
	k.Set([][32]byte{secret})
	other.Set([][32]byte{{2}, secret})
	if s, renew := other.Open(now, seal(now)); s == nil || !renew {
		t.Error("servers with the same secret do not share tickets")
	}
}

func TestCache(t *testing.T) {
	c := NewCache(2)
	for _, id := range []string{"a", "b", "c"} {
		c.Put([]byte(id), example())
	}
	if c.Get([]byte("a"), now) != nil || c.Get([]byte("c"), now) == nil {
		t.Error("the oldest should have gone, and no other")
	}
	if c.Get([]byte("b"), now.Add(2*time.Hour)) != nil {
		t.Error("a session outlived its lifetime")
	}
	c.Remove([]byte("c"))
	if c.Get([]byte("c"), now) != nil {
		t.Error("a removed session is still there")
	}
}

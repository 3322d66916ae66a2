package transcript

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// hashOf is the hash by other means.
func hashOf(h schedule.Hash, data ...[]byte) []byte {
	all := slices.Concat(data...)
	if h == schedule.SHA384 {
		sum := sha512.Sum384(all)
		return sum[:]
	}
	sum := sha256.Sum256(all)
	return sum[:]
}

var both = []schedule.Hash{schedule.SHA256, schedule.SHA384}

func TestSum(t *testing.T) {
	one, two, three := []byte("one"), bytes.Repeat([]byte("two"), 100), []byte("three")
	for _, h := range both {
		var tr Transcript
		if tr.Started() {
			t.Error("started before Start")
		}
		tr.Start(h)
		if !tr.Started() {
			t.Error("not started after Start")
		}
		tr.Write(one)
		for range 2 { // a sum disturbs nothing
			if got := tr.Sum([]byte("before")); !bytes.Equal(got, append([]byte("before"), hashOf(h, one)...)) {
				t.Errorf("%v: after one message %x", h, got)
			}
			if got := tr.SumWith([]byte("before"), two); !bytes.Equal(got, append([]byte("before"), hashOf(h, one, two)...)) {
				t.Errorf("%v: with another message %x", h, got)
			}
		}
		tr.Write(three)
		if got := tr.Sum(nil); !bytes.Equal(got, hashOf(h, one, three)) {
			t.Errorf("%v: after two messages %x", h, got)
		}
		tr.Start(h)
		if got := tr.Sum(nil); !bytes.Equal(got, hashOf(h)) {
			t.Errorf("%v: begun anew %x", h, got)
		}
		tr.Stop()
		if tr.Started() {
			t.Error("started after Stop")
		}
		tr.Stop() // is allowed
	}
}

// RFC 9846, section 4.5: the first ClientHello is replaced by a message of type
// 254 with its hash.
func TestRetry(t *testing.T) {
	first, rest := []byte("first hello"), []byte("retry request and second hello")
	for _, h := range both {
		var tr Transcript
		tr.Start(h)
		tr.Write(first)
		tr.Retry()
		tr.Write(rest)
		want := hashOf(h, []byte{254, 0, 0, byte(h.Size())}, hashOf(h, first), rest)
		if got := tr.Sum(nil); !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", h, got, want)
		}
		tr.Stop()
	}
}

// TLS 1.2 signs the messages with a hash that can differ from the PRF's.
func TestKeep(t *testing.T) {
	var tr Transcript
	tr.Start(schedule.SHA256)
	tr.Write([]byte("one"))
	tr.Keep([]byte("one"))
	tr.Write([]byte("two"))
	if got := tr.Kept(); string(got) != "onetwo" {
		t.Errorf("kept %q", got)
	}
	tr.Drop()
	tr.Write([]byte("three"))
	if got := tr.Kept(); got != nil {
		t.Errorf("kept %q after Drop", got)
	}
	if got := tr.Sum(nil); !bytes.Equal(got, hashOf(schedule.SHA256, []byte("onetwothree"))) {
		t.Errorf("what is kept changed the hash: %x", got)
	}
	tr.Stop()
}

// FuzzTranscript writes data in pieces and asks for sums between them.
func FuzzTranscript(f *testing.F) {
	f.Add([]byte("data"), []byte{1, 2, 3}, true)
	f.Add(make([]byte, 300), []byte{64, 64, 1, 128}, false)
	f.Fuzz(func(t *testing.T, data, cuts []byte, long bool) {
		h := schedule.SHA256
		if long {
			h = schedule.SHA384
		}
		var tr Transcript
		tr.Start(h)
		defer tr.Stop()
		at := 0
		for _, c := range cuts {
			next := min(at+int(c), len(data))
			if got := tr.SumWith(nil, data[at:next]); !bytes.Equal(got, hashOf(h, data[:next])) {
				t.Fatalf("with %d to %d bytes: %x", at, next, got)
			}
			tr.Write(data[at:next])
			at = next
			if got := tr.Sum(nil); !bytes.Equal(got, hashOf(h, data[:at])) {
				t.Fatalf("after %d bytes: %x", at, got)
			}
		}
	})
}

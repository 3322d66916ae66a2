package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// mutate alters bytes in one of the ways in which peers are wrong: a bit, a
// byte, a cut, a repetition.
func mutate(r *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	if len(b) == 0 {
		return append(b, byte(r.Uint32()))
	}
	at := r.IntN(len(b))
	switch r.IntN(6) {
	case 0:
		b[at] ^= 1 << r.IntN(8)
	case 1:
		b[at] = byte(r.Uint32())
	case 2:
		b = slices.Delete(b, at, min(len(b), at+1+r.IntN(8)))
	case 3:
		b = slices.Insert(b, at, b[at:min(len(b), at+1+r.IntN(8))]...)
	case 4:
		b[at] = []byte{0, 1, 0x7f, 0x80, 0xff}[r.IntN(5)]
	default:
		b = b[:at]
	}
	return b
}

// refit makes the length in a message's header what the message is long, so
// that more of what was altered is read.
func refit(b []byte) []byte {
	if n := len(b) - 4; n >= 0 {
		b[1], b[2], b[3] = byte(n>>16), byte(n>>8), byte(n)
	}
	return b
}

// altered runs a scenario and alters the message at the given place. Whatever
// comes of it, nobody panics, nobody blames themselves, and a side that is at
// fault says so with a row of the table.
func altered(t *testing.T, s scenario, place int, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, uint64(place)))
	client, server := s.hosts(t)
	m := &tlstest.Middle{Fragment: []int{0, tlstest.Packed, 5}[r.IntN(3)]}
	n := 0
	m.Alter = func(p piece) pieces {
		if n++; n-1 != place {
			return pieces{p}
		}
		for range 1 + r.IntN(3) {
			p.Bytes = mutate(r, p.Bytes)
		}
		if p.Content == iana.ContentHandshake && r.IntN(4) > 0 {
			p.Bytes = refit(p.Bytes)
		}
		return pieces{p}
	}
	p := through(t, client, server, m)
	p.Run()
	for name, c := range map[string]*engine.Conn{"client": p.Client, "server": p.Server} {
		if err := c.Err(); err != nil {
			if code, ok := fault.Of(err); !ok || code == fault.Internal {
				t.Errorf("%s, message %d, seed %d: the %s ended with %v", s.name, place, seed, name, err)
			}
		}
	}
}

// TestAltered alters messages at random in every scenario.
func TestAltered(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for _, s := range scenarios {
		for place := range 14 {
			for seed := range seeds {
				altered(t, s, place, seed)
			}
		}
	}
}

// FuzzAltered does so for as long as one likes.
func FuzzAltered(f *testing.F) {
	f.Add(0, 0, uint64(1))
	f.Fuzz(func(t *testing.T, which, place int, seed uint64) {
		altered(t, scenarios[uint(which)%uint(len(scenarios))], int(uint(place)%16), seed)
	})
}

// FuzzInput gives a server and a client any bytes as their first input.
func FuzzInput(f *testing.F) {
	client, server := hostsOf(iana.TLS13, "P-256")
	c, err := engine.NewClient(client.Config, tlstest.Now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(slices.Clone(c.Output()), uint8(0))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint8(1))
	f.Add([]byte{22, 3, 3, 0, 4, 2, 0, 0, 0}, uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		// The same every time, or the fuzzer tries in vain to find out what
		// of the input made the difference.
		client.Config.Rand, server.Config.Rand = rand.NewChaCha8([32]byte{1}), rand.NewChaCha8([32]byte{2})
		conn, err := engine.NewClient(client.Config, tlstest.Now)
		if err != nil {
			t.Fatal(err)
		}
		for h, c := range map[*tlstest.Host]*engine.Conn{client: conn, server: engine.NewServer(server.Config, tlstest.Now)} {
			var in, data []byte
			for rest := b; len(rest) > 0 && c.Err() == nil; {
				n := min(len(rest), 1+int(cut))
				in = append(in, rest[:n]...)
				rest = rest[n:]
				tlstest.Feed(c, h, &in, &data)
			}
			if code, _ := fault.Of(c.Err()); c.Err() != nil && code == fault.Internal || c.Complete() || len(data) > 0 {
				t.Errorf("%v, complete %v, data %q", c.Err(), c.Complete(), data)
			}
		}
	})
}

package engine_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// padded gives an RSA plaintext of PKCS #1 v1.5 with a secret of n bytes, as
// long as the modulus.
func padded(size, n int) []byte {
	b := bytes.Repeat([]byte{0x5a}, size)
	b[0], b[1], b[size-n-1] = 0, 2, 0
	binary.BigEndian.PutUint16(b[size-n:], uint16(iana.TLS12))
	return b
}

// ciphertexts are what an attacker tries in place of the premaster secret, by
// what is wrong with it.
func ciphertexts(public *rsa.PublicKey) map[string][]byte {
	size := public.Size()
	encrypt := func(change func(b []byte) []byte) []byte {
		m := new(big.Int).SetBytes(change(padded(size, sign.PremasterLen)))
		return m.Exp(m, big.NewInt(int64(public.E)), public.N).FillBytes(make([]byte, size))
	}
	at := func(i int, v byte) []byte {
		return encrypt(func(b []byte) []byte { b[i] = v; return b })
	}
	return map[string][]byte{
		"nothing is wrong":           at(0, 0),
		"another version":            at(size-sign.PremasterLen+1, 1),
		"the block begins with 1":    at(0, 1),
		"a block of type 1":          at(1, 1),
		"a zero in the padding":      at(3, 0),
		"a zero behind eight bytes":  at(11, 0),
		"no zero before the secret":  at(size-sign.PremasterLen-1, 7),
		"a secret of 47 bytes":       encrypt(func([]byte) []byte { return padded(size, 47) }),
		"a secret of 49 bytes":       encrypt(func([]byte) []byte { return padded(size, 49) }),
		"a secret of no bytes":       encrypt(func([]byte) []byte { return append(padded(size, 2)[:size-3], 7, 7, 0) }),
		"zero":                       make([]byte, size),
		"one":                        append(make([]byte, size-1), 1),
		"the modulus":                public.N.FillBytes(make([]byte, size)),
		"more than the modulus":      bytes.Repeat([]byte{0xff}, size),
		"a byte less":                make([]byte, size-1),
		"a byte more":                make([]byte, size+1),
		"one byte":                   {1},
		"half of the bytes are gone": make([]byte, size/2),
	}
}

// exchangeWith runs a handshake with RSA key exchange up to the client's flight
// and gives the server another ClientKeyExchange. afterwards is whether the
// client's ChangeCipherSpec and Finished follow: ROBOT found servers that could
// be told apart without.
func exchangeWith(t *testing.T, ciphertext []byte, afterwards bool) (server *engine.Conn, answer []byte) {
	t.Helper()
	c, s := hosts12("RSA-2048", rsaOnly)(t)
	client, err := engine.NewClient(c.Config, tlstest.Now)
	if err != nil {
		t.Fatal(err)
	}
	server = engine.NewServer(s.Config, tlstest.Now)
	var data []byte
	move := func(from, to *engine.Conn, h *tlstest.Host) {
		in := bytes.Clone(from.Output())
		from.Sent()
		tlstest.Feed(to, h, &in, &data)
	}
	move(client, server, s)
	move(server, client, c)
	flight := client.Output() // ClientKeyExchange, ChangeCipherSpec, Finished
	old := record.HeaderLen + int(binary.BigEndian.Uint16(flight[3:]))
	message := wire.AppendClientKeyExchange(nil, 2, ciphertext)
	in := append([]byte{byte(iana.ContentHandshake), 3, 3, byte(len(message) >> 8), byte(len(message))}, message...)
	if afterwards {
		in = append(in, flight[old:]...)
	}
	tlstest.Feed(server, s, &in, &data)
	return server, bytes.Clone(server.Output())
}

// TestBleichenbacher is the attack on RSA key exchange (Bleichenbacher 1998;
// ROBOT: Böck, Somorovsky and Young, 2018): a server that shows in any way
// whether a ciphertext is well padded decrypts for the attacker. Ours does the
// same with each: the same steps, the same alert, and nothing at all until
// Finished. A wrong version of the secret (Klíma, Pokorný and Rosa, 2003) is
// among them, which also is how version rollback shows (RFC 5246, section
// 7.4.7.1).
func TestBleichenbacher(t *testing.T) {
	public := tlstest.Credentials()["RSA-2048"].Leaf.PublicKey.(*rsa.PublicKey)
	var expected string
	for what, ciphertext := range ciphertexts(public) {
		waits, answer := exchangeWith(t, ciphertext, false)
		if waits.Err() != nil || waits.State() != "WAIT_CCS" || len(answer) != 0 {
			t.Errorf("%s: without Finished, the server is in %s: %v, %x", what, waits.State(), waits.Err(), answer)
		}
		server, answer := exchangeWith(t, ciphertext, true)
		if !isFault(server.Err(), fault.BadRecordMAC) {
			t.Fatalf("%s: %v", what, server.Err())
		}
		seen := fmt.Sprintf("%x %v %s", answer, server.Err(), server.State())
		for _, s := range server.Record().Steps {
			seen += fmt.Sprintf(" %v %s,", s.Kind, s.Name)
		}
		if expected == "" {
			expected = seen
		}
		if seen != expected {
			t.Errorf("%s:\n%s, and with others\n%s", what, seen, expected)
		}
	}
}

// TestBleichenbacherTime measures how long the decryption takes, each kind of
// ciphertext in turn, as dudect does (Reparaz, Balasch and Verbauwhede, 2017).
// Of the times of a kind the tenth part that is shortest counts, which other
// programs on the machine hardly disturb. A ciphertext that is no number below
// the modulus, or not as long, is refused sooner: anybody can see that it is.
func TestBleichenbacherTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	cred := tlstest.Credentials()["RSA-2048"]
	public := cred.Leaf.PublicKey.(*rsa.PublicKey)
	kinds := ciphertexts(public)
	for what, c := range kinds {
		if len(c) != public.Size() || new(big.Int).SetBytes(c).Cmp(public.N) >= 0 {
			delete(kinds, what)
		}
	}
	const rounds, tolerance = 100, 1.1
	var worst string
	for range 5 { // a machine may be disturbed
		times := map[string][]time.Duration{}
		for range rounds {
			for what, c := range kinds {
				start := time.Now()
				if b, err := sign.DecryptPremaster(cred.Key, rand.Reader, c, sign.PremasterLen); err != nil || len(b) != sign.PremasterLen {
					t.Fatalf("%s: %d bytes, %v", what, len(b), err)
				}
				times[what] = append(times[what], time.Since(start))
			}
		}
		least, most := time.Hour, time.Duration(0)
		for _, all := range times {
			slices.Sort(all)
			least, most = min(least, all[rounds/10]), max(most, all[rounds/10])
		}
		if float64(most) <= tolerance*float64(least) {
			return
		}
		worst = fmt.Sprintf("from %v to %v", least, most)
	}
	t.Errorf("the decryption takes %s", worst)
}

// TestBleichenbacherAllocations: the same memory is asked for, whatever is wrong.
func TestBleichenbacherAllocations(t *testing.T) {
	cred := tlstest.Credentials()["RSA-2048"]
	public := cred.Leaf.PublicKey.(*rsa.PublicKey)
	seen := map[float64]string{}
	for what, c := range ciphertexts(public) {
		if len(c) == public.Size() && new(big.Int).SetBytes(c).Cmp(public.N) < 0 {
			seen[testing.AllocsPerRun(5, func() { sign.DecryptPremaster(cred.Key, rand.Reader, c, sign.PremasterLen) })] = what
		}
	}
	if len(seen) != 1 {
		t.Errorf("allocations by what is wrong: %v", seen)
	}
}

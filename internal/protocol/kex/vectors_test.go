package kex

import (
	"bytes"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Published exchanges. A private key is the randomness that Generate takes.
func TestVectors(t *testing.T) {
	for _, v := range []struct {
		source                        string
		group                         iana.Group
		private, public, peer, secret string
	}{
		{"RFC 7748, section 6.1, Alice", iana.X25519,
			"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
		{"RFC 7748, section 6.1, Bob", iana.X25519,
			"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
		{"RFC 8448, section 3, client", iana.X25519,
			"49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005",
			"99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c",
			"c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f",
			"8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"},
		{"NIST, ECC CDH, P-256, count 0", iana.Secp256r1,
			"7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
			"04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b23028af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141",
			"04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
			"46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
	} {
		k, err := Generate(v.group, bytes.NewReader(unhex(t, v.private)))
		if err != nil {
			t.Fatal(v.source, err)
		}
		if public := k.AppendPublic(nil); !bytes.Equal(public, unhex(t, v.public)) {
			t.Errorf("%s: the public value is %x", v.source, public)
		}
		prefix := []byte("before")
		secret, err := k.AppendSecret(prefix, unhex(t, v.peer))
		if err != nil || !bytes.Equal(secret, append(prefix, unhex(t, v.secret)...)) {
			t.Errorf("%s: the secret is %x, %v", v.source, secret, err)
		}
		share, secret, err := Respond(v.group, bytes.NewReader(unhex(t, v.private)), unhex(t, v.peer), nil, nil)
		if err != nil || !bytes.Equal(share, unhex(t, v.public)) || !bytes.Equal(secret, unhex(t, v.secret)) {
			t.Errorf("%s: answered with %x, %x, %v", v.source, share, secret, err)
		}
	}
}

// From the same randomness, ML-KEM gives what the standard library gives:
// keys, ciphertexts and secrets, and those of ciphertexts that are not right.
func TestMLKEMAgainstStandardLibrary(t *testing.T) {
	for range 20 {
		random := make([]byte, 32+64) // the scalar of the curve, the seed of ML-KEM
		rand.Read(random)
		k, err := Generate(iana.X25519MLKEM768, bytes.NewReader(random))
		if err != nil {
			t.Fatal(err)
		}
		want, err := mlkem.NewDecapsulationKey768(random[32:])
		if err != nil {
			t.Fatal(err)
		}
		public := k.AppendPublic(nil)
		if !bytes.Equal(public[:kemPublic], want.EncapsulationKey().Bytes()) {
			t.Fatal("the encapsulation keys differ")
		}

		answer := make([]byte, 32+32)
		rand.Read(answer)
		share, secret, err := Respond(iana.X25519MLKEM768, bytes.NewReader(answer), public, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		shared, ciphertext, err := mlkemtest.Encapsulate768(want.EncapsulationKey(), answer[32:])
		if err != nil || !bytes.Equal(share[:kemCiphertext], ciphertext) || !bytes.Equal(secret[:kemSecret], shared) {
			t.Fatalf("the ciphertexts or the secrets differ: %v", err)
		}

		share[5] ^= 1 // implicit rejection: FIPS 203, section 6.3
		got, err := k.AppendSecret(nil, share)
		if err != nil {
			t.Fatal(err)
		}
		other, err := want.Decapsulate(share[:kemCiphertext])
		if err != nil || !bytes.Equal(got[:kemSecret], other) || bytes.Equal(got, secret) {
			t.Fatalf("the secrets of a wrong ciphertext differ: %v", err)
		}
	}
}

// All encodings of the points of small order give a secret that is all zero.
// RFC 7748, section 6.1.
func TestSmallOrder(t *testing.T) {
	points := []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	}
	x, _ := Generate(iana.X25519, rand.Reader)
	hybrid, _ := Generate(iana.X25519MLKEM768, rand.Reader)
	share, _, err := Respond(iana.X25519MLKEM768, rand.Reader, hybrid.AppendPublic(nil), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range points {
		for _, top := range []byte{0, 0x80} { // the highest bit is ignored
			point := unhex(t, s)
			point[31] |= top
			if _, err := x.AppendSecret(nil, point); !errors.Is(err, fault.KeyShareInvalid) {
				t.Errorf("%x is accepted: %v", point, err)
			}
			if _, _, err := Respond(iana.X25519, rand.Reader, point, nil, nil); !errors.Is(err, fault.KeyShareInvalid) {
				t.Errorf("%x is answered: %v", point, err)
			}
			copy(share[kemCiphertext:], point)
			if _, err := hybrid.AppendSecret(nil, share); !errors.Is(err, fault.KeyShareInvalid) {
				t.Errorf("%x is accepted in a hybrid: %v", point, err)
			}
		}
	}
}

// Each coefficient of an encapsulation key has to be below 3329. FIPS 203,
// section 7.2.
func TestModulusCheck(t *testing.T) {
	k, _ := Generate(iana.X25519MLKEM768, rand.Reader)
	good := k.AppendPublic(nil)
	for _, at := range []int{0, 381, 384, 1149} { // of the first and the last coefficients
		bad := bytes.Clone(good)
		bad[at], bad[at+1], bad[at+2] = 0x01, 0x0d, bad[at+2]&0xf0 // the coefficient 0xd01 is 3329
		if _, _, err := Respond(iana.X25519MLKEM768, rand.Reader, bad, nil, nil); !errors.Is(err, fault.KeyShareInvalid) {
			t.Errorf("a coefficient that is not reduced is accepted at %d: %v", at, err)
		}
	}
}

// Points that are not on the curve, at infinity, or compressed.
func TestInvalidPoints(t *testing.T) {
	for _, g := range []iana.Group{iana.Secp256r1, iana.Secp384r1, iana.Secp521r1} {
		k, _ := Generate(g, rand.Reader)
		good := k.AppendPublic(nil)
		off := bytes.Clone(good)
		off[len(off)-1] ^= 1
		compressed := append([]byte{2 | good[len(good)-1]&1}, good[1:1+len(good)/2]...)
		hybrid := bytes.Clone(good)
		hybrid[0] = 6 | good[len(good)-1]&1
		for _, bad := range [][]byte{off, {0}, compressed, hybrid} {
			if _, err := k.AppendSecret(nil, bad); !errors.Is(err, fault.KeyShareInvalid) {
				t.Errorf("%v: %x is accepted: %v", g, bad, err)
			}
		}
	}
}

// A source that fails, and one that gives no number below the order.
func TestBadRandomness(t *testing.T) {
	for _, g := range groups {
		share, _ := Generate(g, rand.Reader)
		if _, err := Generate(g, iotest.ErrReader(errors.New("none"))); !errors.Is(err, fault.Internal) {
			t.Error(g, err)
		}
		if _, _, err := Respond(g, iotest.ErrReader(errors.New("none")), share.AppendPublic(nil), nil, nil); !errors.Is(err, fault.Internal) {
			t.Error(g, err)
		}
	}
	if _, err := Generate(iana.Secp256r1, ones{}); !errors.Is(err, fault.Internal) {
		t.Error(err)
	}
}

type ones struct{}

func (ones) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 0xff
	}
	return len(b), nil
}

// What an exchange costs in allocations: X25519 nothing, the hybrid the
// expanded keys of ML-KEM.
func TestAllocations(t *testing.T) {
	for _, c := range []struct {
		group                     iana.Group
		generate, respond, secret float64
	}{{iana.X25519, 0, 0, 0}, {iana.X25519MLKEM768, 6, 2, 0}} {
		k, _ := Generate(c.group, rand.Reader)
		peer := k.AppendPublic(nil)
		answer, _, err := Respond(c.group, rand.Reader, peer, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		share, secret := make([]byte, 0, MaxShare), make([]byte, 0, MaxSecret)
		for what, n := range map[string][2]float64{
			"Generate and AppendPublic": {c.generate, testing.AllocsPerRun(100, func() {
				k, _ := Generate(c.group, rand.Reader)
				k.AppendPublic(share)
			})},
			"Respond":      {c.respond, testing.AllocsPerRun(100, func() { Respond(c.group, rand.Reader, peer, share, secret) })},
			"AppendSecret": {c.secret, testing.AllocsPerRun(100, func() { k.AppendSecret(secret, answer) })},
		} {
			if n[1] > n[0] && !raceEnabled {
				t.Errorf("%v: %s allocates %v times, %v expected", c.group, what, n[1], n[0])
			}
		}
	}
}

func FuzzAppendSecret(f *testing.F) {
	var keys []Key
	for i, g := range groups {
		k, _ := Generate(g, rand.Reader)
		share, _, err := Respond(g, rand.Reader, k.AppendPublic(nil), nil, nil)
		if err != nil {
			f.Fatal(err)
		}
		keys = append(keys, k)
		f.Add(share, uint8(i))
	}
	f.Fuzz(func(t *testing.T, share []byte, which uint8) {
		k := keys[int(which)%len(keys)]
		secret, err := k.AppendSecret(nil, share)
		if err != nil && !errors.Is(err, fault.KeyShareInvalid) {
			t.Error(err)
		}
		if err == nil && (len(secret) == 0 || len(secret) > MaxSecret) {
			t.Errorf("a secret of %d bytes", len(secret))
		}
	})
}

package record

import (
	"bytes"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// keysOf gives the keys of every suite, with and without encrypt_then_mac.
func keysOf(t testing.TB) map[string]Keys {
	all := map[string]Keys{}
	for _, p := range suite.All() {
		if p.MinVersion == iana.TLS13 {
			secret := schedule.NewSecret(p.Hash, bytes.Repeat([]byte{9}, 48))
			all[p.ID.String()] = Keys13(p.ID, secret)
			continue
		}
		block := make([]byte, BlockLen(p, Rules{}))
		rand.Read(block)
		client, _ := KeysBlock(p, block, false, Rules{})
		all[p.ID.String()] = client
		if p.Cipher == suite.AESCBC {
			etm, _ := KeysBlock(p, block, true, Rules{})
			all[p.ID.String()+" encrypt_then_mac"] = etm
		}
	}
	return all
}

func pair(t testing.TB, k Keys) (*Sealer, *Opener) {
	t.Helper()
	var s Sealer
	var o Opener
	s.SetVersion(iana.TLS12)
	s.SetRand(rand.Reader)
	if err := errors.Join(s.Install(&k), o.Install(&k)); err != nil {
		t.Fatal(err)
	}
	return &s, &o
}

func TestRoundTrip(t *testing.T) {
	data := make([]byte, MaxPlaintext)
	rand.Read(data)
	for name, k := range keysOf(t) {
		t.Run(name, func(t *testing.T) {
			s, o := pair(t, k)
			for _, n := range []int{1, 0, 15, 16, 17, 255, 256, 257, 1000, MaxPlaintext} {
				rec := s.Seal([]byte("before"), iana.ContentApplicationData, data[:n])[6:]
				length, err := o.Length(rec)
				if err != nil || length != len(rec) {
					t.Fatalf("%d bytes: the length is %d of %d: %v", n, length, len(rec), err)
				}
				ct, got, err := o.Open(rec)
				if err != nil || ct != iana.ContentApplicationData || !bytes.Equal(got, data[:n]) {
					t.Fatalf("%d bytes: %v %v", n, ct, err)
				}
			}
		})
	}
}

func TestEveryAlteredByteIsFound(t *testing.T) {
	for name, k := range keysOf(t) {
		t.Run(name, func(t *testing.T) {
			s, _ := pair(t, k)
			rec := s.Seal(nil, iana.ContentApplicationData, []byte("forty bytes of data, more or less: here."))
			for i := range rec {
				if i == 3 || i == 4 {
					continue // the length: it is the caller who cuts
				}
				for _, bit := range []byte{1, 0x80} {
					_, o := pair(t, k)
					altered := bytes.Clone(rec)
					altered[i] ^= bit
					if _, _, err := o.Open(altered); err == nil {
						t.Fatalf("byte %d was altered and nobody saw it", i)
					}
				}
			}
			for n := HeaderLen; n < len(rec); n++ {
				_, o := pair(t, k)
				if _, _, err := o.Open(bytes.Clone(rec[:n])); err == nil {
					t.Fatalf("cut to %d bytes and nobody saw it", n)
				}
			}
		})
	}
}

// The MAC in constant time is the MAC.
func TestSecretSum(t *testing.T) {
	for _, kind := range []suite.MAC{suite.SHA1, suite.SHA256, suite.SHA384} {
		k := Keys{params: suite.Params{MAC: kind, KeyLen: 16, Cipher: suite.AESCBC}}
		rand.Read(k.mac[:])
		c, err := newCBC(&k, true)
		if err != nil {
			t.Fatal(err)
		}
		l := newLucky(kind, k.mac[:c.size], Rules{})
		for _, size := range []int{c.size + 1, 64, 80, 112, 128, 240, 272, 288, 320, 512, 1024} {
			body := make([]byte, size)
			rand.Read(body)
			for pad := 0; pad < 256 && size-c.size-1-pad >= 0; pad++ {
				n := size - c.size - 1 - pad
				h := half{seq: 5}
				head := h.head12(23, iana.TLS12, n)
				l.sum(head, body, n)
				if want := c.sum(head, body[:n]); !bytes.Equal(l.want[:c.size], want) {
					t.Fatalf("MAC %d, %d bytes, padding %d", kind, size, pad)
				}
				l.extract(body, n)
				if !bytes.Equal(l.have[:c.size], body[n:n+c.size]) {
					t.Fatalf("extract: MAC %d, %d bytes, padding %d", kind, size, pad)
				}
			}
		}
	}
}

// Every length of padding is accepted, and nothing that is not padding.
func TestPadding(t *testing.T) {
	for pad := range 256 {
		body := append(make([]byte, 300), bytes.Repeat([]byte{byte(pad)}, pad+1)...)
		if n, good := unpad(body, 20); good != 1 || n != 280 {
			t.Errorf("padding %d: %d %d", pad, n, good)
		}
		if pad > 0 {
			body[len(body)-1-pad] ^= 1
			if _, good := unpad(body, 20); good == 1 {
				t.Errorf("wrong padding %d was accepted", pad)
			}
		}
	}
	if _, good := unpad(bytes.Repeat([]byte{200}, 48), 20); good == 1 {
		t.Error("padding longer than the record was accepted")
	}
}

func TestLimits(t *testing.T) {
	var o Opener
	if _, err := o.Length([]byte{22, 3, 1, 0x40, 1}); !errors.Is(err, fault.RecordOverflow) {
		t.Error(err)
	}
	if _, err := o.Length([]byte{22, 2, 0, 0, 1}); !errors.Is(err, fault.RecordVersionWrong) {
		t.Error(err)
	}
	s, o13 := pair(t, Keys13(iana.TLS_AES_128_GCM_SHA256, schedule.NewSecret(schedule.SHA256, nil)))
	if _, _, err := o13.Open(s.Seal(nil, 0, make([]byte, 7))); !errors.Is(err, fault.InnerTypeMissing) {
		t.Error(err)
	}
	if s.seq = most(suite.AESGCM); !s.NearLimit() {
		t.Error("the limit of AES-GCM is not seen")
	}
}

func FuzzOpen(f *testing.F) {
	keys := keysOf(f)
	names := slices.Sorted(maps.Keys(keys))
	for i := range names {
		f.Add(append([]byte{23, 3, 3, 0, 64}, make([]byte, 64)...), uint8(i))
	}
	f.Fuzz(func(t *testing.T, rec []byte, which uint8) {
		if len(rec) < HeaderLen {
			return
		}
		_, o := pair(t, keys[names[int(which)%len(names)]])
		if _, content, err := o.Open(rec); err == nil && len(content) > 0 {
			t.Errorf("opened a record that nobody sealed: %x", content)
		}
	})
}

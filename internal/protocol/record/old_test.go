package record

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// old gives both ends of a direction in a version.
func old(t *testing.T, id iana.Suite, v iana.Version) (*Sealer, *Opener) {
	t.Helper()
	p, _ := suite.Of(id)
	rules := RulesOf(v)
	block := make([]byte, BlockLen(p, rules))
	rand.Read(block)
	k, _ := KeysBlock(p, block, false, rules)
	s, o := pair(t, k)
	s.SetVersion(v)
	return s, o
}

// Records of SSL 3.0 and TLS 1.0 of every length, one after the other: with CBC
// each begins where the last one ended.
func TestOldRecords(t *testing.T) {
	data := make([]byte, MaxPlaintext)
	rand.Read(data)
	for _, v := range []iana.Version{iana.SSL30, iana.TLS10, iana.TLS11} {
		for _, p := range suite.All() {
			if p.MinVersion > v {
				continue
			}
			s, o := old(t, p.ID, v)
			for _, n := range append([]int{300, 1000, 5000, MaxPlaintext}, upTo(290)...) {
				rec := s.Seal(nil, iana.ContentApplicationData, data[:n])
				if _, got, err := o.Open(rec); err != nil || !bytes.Equal(got, data[:n]) {
					t.Fatalf("%v, %v, %d bytes: %v", v, p.ID, n, err)
				}
			}
			rec := s.Seal(nil, iana.ContentApplicationData, data[:40])
			rec[HeaderLen+9] ^= 1
			if _, _, err := o.Open(rec); !errors.Is(err, fault.BadRecordMAC) {
				t.Errorf("%v, %v: an altered record: %v", v, p.ID, err)
			}
		}
	}
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// The MAC of SSL 3.0, as RFC 6101, section 5.2.3.1, has it, is the same from the
// hash that is used for sealing and from the one that hides its length; and the
// latter does the same work whatever the padding is.
func TestMACOfSSL30(t *testing.T) {
	rules := RulesOf(iana.SSL30)
	for _, size := range []int{32, 48, 64, 80, 96, 112, 128, 256, 288, 320, 512, 1024, 16384} {
		key := bytes.Repeat([]byte{7}, 20)
		body := make([]byte, size)
		rand.Read(body)
		head := []byte{0, 0, 0, 0, 0, 0, 0, 1, 23, 0, 0}
		var first []int
		for pad := 0; pad < 16 && size-20-1-pad >= 0; pad++ {
			n := size - 20 - 1 - pad
			mac := newPadMAC(newHash(suite.SHA1)(), key)
			mac.Write(head)
			mac.Write(body[:n])
			copy(body[n:], mac.Sum(nil))
			l := newLucky(suite.SHA1, key, rules)
			c := &counted{Hash: l.hash}
			l.hash, l.appender = c, c
			if l.check(head, body, n) != 1 {
				t.Fatalf("%d bytes, padding %d: the right MAC is refused", size, pad)
			}
			if pad == 0 {
				first = c.calls
			} else if !slices.Equal(c.calls, first) {
				t.Fatalf("%d bytes, padding %d: %v, with none %v", size, pad, c.calls, first)
			}
			if body[n] ^= 1; l.check(head, body, n) != 0 {
				t.Fatalf("%d bytes, padding %d: a wrong MAC is taken", size, pad)
			}
		}
	}
}

// In SSL 3.0 padding holds anything and is shorter than a block. RFC 6101,
// section 5.2.3.2.
func TestPaddingOfSSL30(t *testing.T) {
	content := []byte("twelve bytes")
	for pad := range 64 {
		t.Run(fmt.Sprint(pad), func(t *testing.T) {
			s, o := old(t, iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.SSL30)
			plain := append(bytes.Clone(content), s.cbc.sum(s.head12(iana.ContentApplicationData, iana.SSL30, len(content)), content)...)
			free := make([]byte, pad)
			rand.Read(free)
			plain = append(append(plain, free...), byte(pad))
			if len(plain)%16 != 0 {
				return
			}
			s.cbc.mode.CryptBlocks(plain, plain)
			_, got, err := o.Open(slices.Concat([]byte{23, 3, 0, 0, 0}, plain))
			if pad < 16 && (err != nil || !bytes.Equal(got, content)) || pad >= 16 && !errors.Is(err, fault.BadRecordMAC) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

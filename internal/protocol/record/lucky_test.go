package record

import (
	"bytes"
	"crypto/rand"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// counted notes what a hash is asked to do.
type counted struct {
	hash.Hash
	calls []int
}

func (c *counted) Write(b []byte) (int, error) {
	c.calls = append(c.calls, len(b))
	return c.Hash.Write(b)
}

func (c *counted) AppendBinary(b []byte) ([]byte, error) {
	c.calls = append(c.calls, -1)
	return c.Hash.(encoding.BinaryAppender).AppendBinary(b)
}

// The hash does the same work, call for call, wherever the content ends: this
// is what Lucky Thirteen needs to differ.
func TestSameWorkForEveryPadding(t *testing.T) {
	for _, kind := range []suite.MAC{suite.SHA1, suite.SHA256, suite.SHA384} {
		for _, size := range []int{64, 96, 256, 288, 320, 512, 1024, 16384} {
			var first []int
			for pad := 0; pad < 256 && size-kind.Size()-1-pad >= 0; pad++ {
				l := newLucky(kind, make([]byte, kind.Size()), Rules{})
				c := &counted{Hash: l.hash}
				l.hash, l.appender = c, c
				l.check(make([]byte, 13), make([]byte, size), size-kind.Size()-1-pad)
				if pad == 0 {
					first = c.calls
				} else if !slices.Equal(c.calls, first) {
					t.Fatalf("MAC %d, %d bytes, padding %d: %v, with none %v", kind, size, pad, c.calls, first)
				}
			}
		}
	}
}

// Whoever knows a record's content can change its padding, or its MAC. All that
// is seen is one error. RFC 5246, section 6.2.3.2.
func TestEveryFailureOfCBCLooksTheSame(t *testing.T) {
	p, _ := suite.Of(iana.TLS_RSA_WITH_AES_128_CBC_SHA)
	block := make([]byte, BlockLen(p, Rules{}))
	rand.Read(block)
	k, _ := KeysBlock(p, block, false, Rules{})
	content := []byte("twelve bytes")
	for pad := range 256 {
		_, o := pair(t, k)
		ct := iana.ContentApplicationData
		mac := bytes.Clone(o.cbc.sum(o.head12(ct, iana.TLS12, len(content)), content))
		plain := append(append(bytes.Clone(content), mac...), bytes.Repeat([]byte{byte(pad)}, pad+1)...)
		if len(plain)%16 != 0 {
			continue
		}
		open := func(plain []byte) ([]byte, error) {
			s, o := pair(t, k)
			iv, body := make([]byte, 16), bytes.Clone(plain)
			s.cbc.mode.SetIV(iv)
			s.cbc.mode.CryptBlocks(body, body)
			_, content, err := o.Open(slices.Concat([]byte{byte(ct), 3, 3, 0, 0}, iv, body))
			return content, err
		}
		if got, err := open(plain); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("padding %d: %x, %v", pad, got, err)
		}
		for i := range plain {
			plain[i] ^= 1
			if _, err := open(plain); !errors.Is(err, fault.BadRecordMAC) {
				t.Errorf("padding %d, byte %d altered: %v", pad, i, err)
			}
			plain[i] ^= 1
		}
	}
}

// TestLucky13Time measures how long it takes to refuse a record (AlFardan and
// Paterson, 2013), each kind of wrong record in turn: a computation of the MAC
// over what the padding leaves would differ by up to four blocks of the hash in
// some sixteen. Of the times of a kind the tenth part that is shortest counts.
func TestLucky13Time(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	const size, rounds, tolerance = 1024, 400, 1.1
	kinds := map[string]func(body []byte){
		"a padding of one byte":   func(b []byte) { b[size-1] = 0 },
		"a padding of 256 bytes":  func(b []byte) { copy(b[size-256:], bytes.Repeat([]byte{255}, 256)) },
		"no padding":              func(b []byte) { b[size-1], b[size-2] = 9, 8 },
		"a padding without a MAC": func(b []byte) { copy(b[size-16:], bytes.Repeat([]byte{15}, 16)) },
	}
	for _, c := range []struct {
		suite   iana.Suite
		version iana.Version
	}{
		{iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.TLS12}, {iana.TLS_RSA_WITH_AES_128_CBC_SHA256, iana.TLS12},
		{iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.TLS10}, {iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.SSL30},
	} {
		s, o := old(t, c.suite, c.version)
		measure := func(spoil func([]byte)) time.Duration {
			iv, body := make([]byte, s.cbc.ivLen()), make([]byte, size)
			spoil(body)
			s.cbc.crypt(iv, body)
			rec := slices.Concat([]byte{23, 3, byte(c.version), 0, 0}, iv, body)
			start := time.Now()
			_, _, err := o.Open(rec)
			took := time.Since(start)
			if !errors.Is(err, fault.BadRecordMAC) {
				t.Fatal(err)
			}
			return took
		}
		worst := ""
		for range 5 { // a machine may be disturbed
			times := map[string][]time.Duration{}
			for range rounds {
				for name, spoil := range kinds {
					times[name] = append(times[name], measure(spoil))
				}
			}
			least, most := time.Hour, time.Duration(0)
			for _, all := range times {
				slices.Sort(all)
				least, most = min(least, all[rounds/10]), max(most, all[rounds/10])
			}
			if worst = fmt.Sprintf("%v, %v: from %v to %v", c.version, c.suite, least, most); float64(most) <= tolerance*float64(least) {
				worst = ""
				break
			}
		}
		if worst != "" {
			t.Error(worst)
		}
	}
}

// FuzzLucky checks the MAC in constant time against crypto/hmac, for a body of
// any form.
func FuzzLucky(f *testing.F) {
	f.Add([]byte("body"), []byte("key"), uint16(7), uint8(0))
	f.Fuzz(func(t *testing.T, body, secret []byte, at uint16, which uint8) {
		kind := suite.SHA1 + suite.MAC(which)%3
		key := make([]byte, kind.Size())
		copy(key, secret)
		body = append(body, make([]byte, kind.Size()+1)...) // a MAC and a byte of padding fit
		k := Keys{params: suite.Params{MAC: kind, KeyLen: 16, Cipher: suite.AESCBC}, form: cbcMtE}
		copy(k.mac[:], key)
		c, err := newCBC(&k, true)
		if err != nil {
			t.Fatal(err)
		}
		longest := len(body) - c.size - 1
		n := longest - int(at)%min(spread, longest+1)
		head := make([]byte, 13)
		mac := bytes.Clone(c.sum(head, body[:n]))
		same := bytes.Equal(mac, body[n:n+c.size])
		if got := c.lucky.check(head, body, n) == 1; got != same {
			t.Errorf("%d of %d bytes: %v", n, len(body), got)
		}
		copy(body[n:], mac)
		if c.lucky.check(head, body, n) != 1 {
			t.Errorf("%d of %d bytes: the right MAC is refused", n, len(body))
		}
	})
}

package bench

import (
	"crypto/aes"
	"crypto/cipher"
	"io"
	"time"

	"github.com/handsel-tls/handsel/tls"
)

const recordSize = 16 << 10

// recordsOf gives records of 16 KB that the peer seals, and the length of each.
func recordsOf(p *peer, count int) (records []byte, each int, err error) {
	data := make([]byte, recordSize)
	for range count {
		if records, err = p.conn.Seal(records, data); err != nil {
			return nil, 0, err
		}
	}
	return records, len(records) / count, nil
}

// bulkRun measures records of 16 KB through Write or Read of an established
// connection.
func (g *goStack) bulkRun(count int, send bool) (time.Duration, error) {
	s := scenario{version: tls.VersionTLS13, group: tls.X25519, server: true}
	p, err := newPeer(s, peerConfig(s))
	if err != nil {
		return 0, err
	}
	c, w, err := handshake(&meter{}, g.server(s), p)
	if err != nil {
		return 0, err
	}
	data := make([]byte, recordSize)
	if send {
		w.out = make([]byte, 0, 2*recordSize)
		var spent time.Duration
		for range count {
			start := time.Now()
			if _, err := c.Write(data); err != nil {
				return 0, err
			}
			spent += time.Since(start)
			w.out = w.out[:0]
		}
		return spent, nil
	}
	records, _, err := recordsOf(p, count)
	if err != nil {
		return 0, err
	}
	w.in = records
	start := time.Now()
	for range count {
		if _, err := io.ReadFull(c, data); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// bareRun measures the AEAD alone, which copies what it reads to where the
// records are put together.
func bareRun(count int, send bool) (time.Duration, error) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		return 0, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return 0, err
	}
	nonce := make([]byte, aead.NonceSize())
	data, out := make([]byte, recordSize), make([]byte, 0, recordSize+64)
	if send {
		start := time.Now()
		for range count {
			aead.Seal(out, nonce, data, nonce[:5])
		}
		return time.Since(start), nil
	}
	sealed := aead.Seal(nil, nonce, data, nonce[:5])
	start := time.Now()
	for range count {
		if _, err := aead.Open(out, nonce, sealed, nonce[:5]); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

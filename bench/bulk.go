package bench

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"time"

	"github.com/handsel-tls/handsel/tls"
)

// recordSize is the content of a record of bulk data in bytes, as large as it
// may be.
const recordSize = 16 << 10

var bulkScenario = scenario{"bulk", tls.VersionTLS13, tls.X25519, true, false}

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

// timed does something count times and gives the time of that. before gets
// things ready and is not measured.
func timed(count int, before func(), do func() error) (spent time.Duration, err error) {
	for range count {
		if before != nil {
			before()
		}
		start := time.Now()
		err := do()
		spent += time.Since(start)
		if err != nil {
			return 0, err
		}
	}
	return spent, nil
}

// isRecord refuses what is not one record of TLS 1.3 with 16 KB in it.
func isRecord(b []byte) error {
	const length = recordSize + 1 + 16 // the content type and the tag
	if len(b) != 5+length || int(b[3])<<8|int(b[4]) != length {
		return fmt.Errorf("%d bytes are not one record with %d bytes of data", len(b), recordSize)
	}
	return nil
}

// bulk goes through Write and Read of an established connection. What Read
// reads lies in a buffer that is in the cache, as after a system call.
func (g *goStack) bulk(count int, send bool) (time.Duration, error) {
	s := bulkScenario
	p, err := newPeer(s, settings(s))
	if err != nil {
		return 0, err
	}
	c, w, err := handshake(&meter{}, g.server(s), p, false)
	if err != nil {
		return 0, err
	}
	if _, err := s.checkPeer(p); err != nil {
		return 0, err
	}
	data := make([]byte, recordSize)
	if send {
		w.check = isRecord
		return timed(count, nil, func() error {
			_, err := c.Write(data)
			return err
		})
	}
	records, each, err := recordsOf(p, count)
	if err != nil {
		return 0, err
	}
	buf := make([]byte, each)
	next := func() { w.in = buf[:copy(buf, records[:each])]; records = records[each:] }
	return timed(count, next, func() error {
		_, err := io.ReadFull(c, data)
		return err
	})
}

// aead is the bare cipher.AEAD: the part of a record that nobody can save.
type aead struct{ cipher.AEAD }

func newAEAD() (aead, error) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		return aead{}, err
	}
	gcm, err := cipher.NewGCM(block)
	return aead{gcm}, err
}

func (a aead) bulk(count int, send bool) (time.Duration, error) {
	const header = 5
	nonce := make([]byte, a.NonceSize())
	data, buf := make([]byte, recordSize+1), make([]byte, 0, 2*recordSize)
	if send {
		return timed(count, nil, func() error {
			buf = a.Seal(buf[:0], nonce, data, nonce[:header])
			return nil
		})
	}
	sealed := a.Seal(nil, nonce, data, nonce[:header])
	next := func() { buf = append(buf[:0], sealed...) }
	return timed(count, next, func() error {
		_, err := a.Open(buf[:0], nonce, buf, nonce[:header])
		return err
	})
}

package main

import (
	"bytes"
	"crypto/rand"
	"errors"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// compressionConfig is what the flags say of compressed certificates.
type compressionConfig struct {
	all bool
	one iana.CertificateCompression
}

var compressionFlags = flags{
	"install-cert-compression-algs":    yes(func(c *config) *bool { return &c.compression.all }),
	"install-one-cert-compression-alg": number(func(c *config) *iana.CertificateCompression { return &c.compression.one }),
}

func (c *compressionConfig) configure(h *handshake.Config) {
	for _, a := range strange {
		if c.all || a.ID == c.one {
			h.Compress, h.Decompress = append(h.Compress, a), append(h.Decompress, a)
		}
	}
}

var errStrange = errors.New("it was not compressed here")

// strange are the algorithms of the runner: one makes a certificate four bytes
// longer, one leaves out its two first zeros, one puts a random byte before it.
var strange = []*compress.Algorithm{
	prefixed(0xff02, func() []byte { return []byte{1, 2, 3, 4} }),
	{
		ID: 0xff01, Always: true,
		Compress: func(body []byte) []byte { return bytes.TrimPrefix(body, []byte{0, 0}) },
		Decompress: func(dst, compressed []byte) error {
			if len(dst) != 2+len(compressed) {
				return errStrange
			}
			copy(dst[2:], compressed)
			return nil
		},
	},
	prefixed(0xff03, func() []byte {
		var b [1]byte
		rand.Read(b[:])
		return b[:]
	}),
}

// prefixed puts something before a certificate.
func prefixed(id iana.CertificateCompression, prefix func() []byte) *compress.Algorithm {
	return &compress.Algorithm{
		ID: id, Always: true,
		Compress: func(body []byte) []byte { return append(prefix(), body...) },
		Decompress: func(dst, compressed []byte) error {
			if n := len(prefix()); len(compressed) != n+len(dst) {
				return errStrange
			}
			copy(dst, compressed[len(compressed)-len(dst):])
			return nil
		},
	}
}

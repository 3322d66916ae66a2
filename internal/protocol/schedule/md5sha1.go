package schedule

import (
	"crypto/md5"
	"crypto/sha1"
	"hash"
)

// both is MD5 and SHA-1 side by side: RFC 2246, section 7.4.9.
type both struct{ md5, sha1 hash.Hash }

func newBoth() hash.Hash { return &both{md5.New(), sha1.New()} }

func (b *both) Write(p []byte) (int, error) {
	b.md5.Write(p)
	return b.sha1.Write(p)
}

func (b *both) Sum(dst []byte) []byte { return b.sha1.Sum(b.md5.Sum(dst)) }
func (b *both) Size() int             { return md5.Size + sha1.Size }
func (b *both) BlockSize() int        { return md5.BlockSize }

func (b *both) Reset() {
	b.md5.Reset()
	b.sha1.Reset()
}

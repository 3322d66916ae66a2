package schedule

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding"
	"errors"
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

// AppendBinary encodes the state of both, as encoding.BinaryAppender wants it.
func (b *both) AppendBinary(dst []byte) ([]byte, error) {
	dst, err := b.md5.(encoding.BinaryAppender).AppendBinary(dst)
	if err != nil {
		return dst, err
	}
	return b.sha1.(encoding.BinaryAppender).AppendBinary(dst)
}

// UnmarshalBinary takes a state that AppendBinary has given. That of MD5 ends
// where that of SHA-1, which is as long in every state, begins.
func (b *both) UnmarshalBinary(state []byte) error {
	end := len(state) - sha1State
	if end < 0 {
		return errors.New("schedule: the state of a hash is too short")
	}
	if err := b.md5.(encoding.BinaryUnmarshaler).UnmarshalBinary(state[:end]); err != nil {
		return err
	}
	return b.sha1.(encoding.BinaryUnmarshaler).UnmarshalBinary(state[end:])
}

// sha1State is the length of SHA-1's encoded state: four bytes of magic, the
// chaining value, a block and the length.
const sha1State = 4 + sha1.Size + sha1.BlockSize + 8

func (b *both) Reset() {
	b.md5.Reset()
	b.sha1.Reset()
}

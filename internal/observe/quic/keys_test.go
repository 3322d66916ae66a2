package quic

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
)

// sameCipher reports whether keys are made of these.
func sameCipher(k *keys, key, hp []byte) bool {
	block, _ := aes.NewCipher(key)
	head, _ := aes.NewCipher(hp)
	aead, _ := cipher.NewGCM(block)
	var zero, a, b [16]byte
	k.head.Encrypt(a[:], zero[:])
	head.Encrypt(b[:], zero[:])
	return a == b && bytes.Equal(k.aead.Seal(nil, k.iv[:], zero[:], nil), aead.Seal(nil, k.iv[:], zero[:], nil))
}

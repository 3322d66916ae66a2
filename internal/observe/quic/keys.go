package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A Version is one of QUIC.
type Version uint32

const (
	Version1 Version = 1          // RFC 9000
	Version2 Version = 0x6b3343cf // RFC 9369
	mvfst27  Version = 0xfaceb002 // the number under which Facebook's implementation has draft 27
)

func (v Version) String() string {
	switch {
	case v == Version1:
		return "1"
	case v == Version2:
		return "2"
	case v>>8 == 0xff0000:
		return fmt.Sprintf("draft %d", v&0xff)
	}
	return fmt.Sprintf("0x%08x", uint32(v))
}

// A dialect is what versions do differently.
type dialect struct {
	salt    string // of the Initial secrets: RFC 9001, section 5.2; RFC 9369, section 3.3.1
	prefix  string // of the labels: RFC 9369, section 3.3.2
	initial byte   // the type of an Initial: RFC 9369, section 3.2
}

const (
	salt1  = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
	salt2  = "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
	salt23 = "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02" // draft-ietf-quic-tls-23, section 5.2
	salt29 = "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
)

func (v Version) dialect() (d dialect, ok bool) {
	switch {
	case v == Version1, v == 0xff000021, v == 0xff000022:
		return dialect{salt1, "quic ", 0}, true
	case v == Version2:
		return dialect{salt2, "quicv2 ", 1}, true
	case v >= 0xff00001d && v <= 0xff000020:
		return dialect{salt29, "quic ", 0}, true
	case v >= 0xff000017 && v <= 0xff00001c, v == mvfst27:
		return dialect{salt23, "quic ", 0}, true
	}
	return d, false
}

// keys protect the Initials of one side. They are no secret: they come from the
// connection ID that the client has chosen for the server. RFC 9001, section 5.2.
type keys struct {
	aead cipher.AEAD
	iv   [12]byte
	head cipher.Block // header protection
}

// both gives the keys of both sides, by trace.Side-1.
func (d *dialect) both(id []byte) (k [2]*keys, err error) {
	for i, side := range []string{"client in", "server in"} {
		if k[i], err = d.newKeys(id, side); err != nil {
			return k, err
		}
	}
	return k, nil
}

// newKeys gives the keys of a side, "client in" or "server in".
func (d *dialect) newKeys(id []byte, side string) (*keys, error) {
	initial, err := hkdf.Extract(sha256.New, id, []byte(d.salt))
	if err != nil {
		return nil, err
	}
	secret, err := expand(initial, side, sha256.Size)
	if err != nil {
		return nil, err
	}
	key, err1 := expand(secret, d.prefix+"key", 16)
	iv, err2 := expand(secret, d.prefix+"iv", 12)
	hp, err3 := expand(secret, d.prefix+"hp", 16)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	k := &keys{iv: [12]byte(iv)}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	k.head, err = aes.NewCipher(hp)
	return k, err
}

// expand is HKDF-Expand-Label without a context. RFC 9846, section 7.1.
func expand(secret []byte, label string, n int) ([]byte, error) {
	label = "tls13 " + label
	info := string([]byte{byte(n >> 8), byte(n), byte(len(label))}) + label + "\x00"
	return hkdf.Expand(sha256.New, secret, info, n)
}

// open takes the protection off a packet, whose number begins at byte at. RFC 9001,
// sections 5.3 and 5.4.
func (k *keys) open(packet []byte, at int) (payload []byte, ok bool) {
	const sample = 16
	if len(packet) < at+4+sample {
		return nil, false
	}
	var mask [aes.BlockSize]byte
	k.head.Encrypt(mask[:], packet[at+4:at+4+sample])
	first := packet[0] ^ mask[0]&0x0f
	n := int(first&3) + 1
	head := append([]byte(nil), packet[:at+n]...)
	head[0] = first
	var number uint64 // an Initial's is small: what is cut off is zero
	for i := range n {
		head[at+i] ^= mask[1+i]
		number = number<<8 | uint64(head[at+i])
	}
	nonce := k.iv
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^number)
	payload, err := k.aead.Open(nil, nonce[:], packet[at+n:], head)
	return payload, err == nil
}

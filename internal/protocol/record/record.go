// Package record protects records: RFC 9846, section 5; RFC 5246, section 6.
package record

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// Lengths in bytes. RFC 9846, sections 5.1 and 5.2; RFC 5246, section 6.2.
const (
	HeaderLen     = 5
	MaxPlaintext  = 1 << 14
	maxExpanded13 = MaxPlaintext + 256
	maxExpanded12 = MaxPlaintext + 2048
	tagLen        = 16
)

// form is how records are protected.
type form uint8

const (
	plain   form = iota
	aead13       // TLS 1.3: the content type is inside
	aead12x      // TLS 1.2: the nonce is the sequence number XORed in
	aead12e      // TLS 1.2 GCM: eight bytes of the nonce are in the record
	cbcMtE       // block cipher with an explicit IV, MAC and then encryption
	cbcEtM       // the same, encryption and then MAC (RFC 7366)
	rc4MtE       // stream cipher, MAC and then encryption
)

// half is what both directions have in common.
type half struct {
	aead   cipher.AEAD
	cbc    *cbc
	stream *stream
	seq    uint64
	iv     [12]byte
	form   form
	most   uint64 // records
	pads   bool   // SSL 3.0's MAC: see Rules
	// What goes through the interface of an AEAD is on the heap for the
	// compiler; kept here, it is not allocated for every record.
	nonceBuf [12]byte
	headBuf  [13]byte
}

func (h *half) install(k *Keys, opens bool) error {
	if k.form == plain {
		*h = half{}
		return nil
	}
	*h = half{form: k.form, iv: [12]byte(k.iv[:12]), most: most(k.params.Cipher), pads: k.rules.Pads}
	var err error
	switch k.params.Cipher {
	case suite.AESGCM:
		var block cipher.Block
		if block, err = aes.NewCipher(k.key[:k.params.KeyLen]); err == nil {
			h.aead, err = cipher.NewGCM(block)
		}
	case suite.ChaCha20Poly1305:
		h.aead, err = chacha20poly1305.New(k.key[:])
	case suite.AESCBC, suite.TripleDESCBC:
		h.cbc, err = newCBC(k, opens)
	case suite.RC4:
		h.stream, err = newStream(k)
	}
	if err != nil {
		return fault.With(fault.Internal, "keys: %w", err)
	}
	return nil
}

// nonce gives the nonce of the next record. It is overwritten by the one after.
// RFC 9846, section 5.3; RFC 7905, section 2; RFC 5288, section 3.
func (h *half) nonce() []byte {
	h.nonceBuf = h.iv
	n := h.seq
	if h.form != aead12e {
		n ^= binary.BigEndian.Uint64(h.iv[4:])
	}
	binary.BigEndian.PutUint64(h.nonceBuf[4:], n)
	return h.nonceBuf[:]
}

// head12 gives what is authenticated beside n bytes of content in TLS 1.2. It
// is overwritten by the next. RFC 5246, section 6.2.3. SSL 3.0 has no version
// in it (RFC 6101, section 5.2.3.1).
func (h *half) head12(ct iana.ContentType, v iana.Version, n int) []byte {
	b := &h.headBuf
	binary.BigEndian.PutUint64(b[:], h.seq)
	if h.pads {
		b[8], b[9], b[10] = byte(ct), byte(n>>8), byte(n)
		return b[:11]
	}
	b[8], b[9], b[10], b[11], b[12] = byte(ct), byte(v>>8), byte(v), byte(n>>8), byte(n)
	return b[:]
}

// most is how many full records one key may protect: 2^24.5 with AES-GCM (RFC
// 9846, section 5.5), and with blocks of 64 bits as many as have half of the
// 2^32 of which two are soon the same (Sweet32, CVE-2016-2183).
func most(c suite.Cipher) uint64 {
	switch c {
	case suite.AESGCM:
		return 23726566
	case suite.TripleDESCBC:
		return 1 << 20
	}
	return 1 << 62
}

// nearLimit reports whether the key has to be changed.
func (h *half) nearLimit() bool { return h.form != plain && h.seq >= h.most }

// A Sealer protects what is sent. Its zero value sends in the clear.
type Sealer struct {
	half
	limit
	version iana.Version
	rand    io.Reader
	err     error
}

// limit is how much content a record may have, in bytes; 0 stands for
// MaxPlaintext. It stays when keys change.
type limit uint16

// SetLimit sets how many bytes of content a record may have; 0: MaxPlaintext.
func (l *limit) SetLimit(n uint16) { *l = limit(n) }

// Limit gives how many bytes of content a record may have.
func (l limit) Limit() int {
	if l == 0 {
		return MaxPlaintext
	}
	return int(l)
}

// SetVersion sets the version in the header of records: TLS 1.2's, except in
// an initial ClientHello. RFC 9846, section 5.1.
func (s *Sealer) SetVersion(v iana.Version) { s.version = v }

// SetRand sets the source of the initialization vectors of CBC.
func (s *Sealer) SetRand(r io.Reader) { s.rand = r }

// Install changes the keys. The sequence number starts at 0.
func (s *Sealer) Install(k *Keys) error { return s.install(k, false) }

// NearLimit reports whether the key has protected as much as it may. RFC 9846,
// section 5.5.
func (s *Sealer) NearLimit() bool { return s.nearLimit() }

// Chained reports whether the initialization vector of the next record is known
// to whoever saw the last: see Rules.
func (s *Sealer) Chained() bool { return s.cbc != nil && s.cbc.rules.Chained }

// Err gives why nothing more can be sealed, nil if it can. Only the source of
// randomness can fail.
func (s *Sealer) Err() error { return s.err }

// Seal appends a record with a fragment of at most Limit bytes. The
// fragment must not overlap the part of dst that is appended. Nothing is
// appended if Err says so afterwards.
func (s *Sealer) Seal(dst []byte, ct iana.ContentType, fragment []byte) []byte {
	at := len(dst)
	dst = append(dst, byte(ct), byte(s.version>>8), byte(s.version), 0, 0)
	switch s.form {
	case plain:
		dst = append(dst, fragment...)
	case aead13:
		dst[at] = byte(iana.ContentApplicationData)
		dst = s.seal13(dst, at, ct, fragment)
	case cbcMtE, cbcEtM:
		dst = s.sealCBC(dst, ct, fragment)
	case rc4MtE:
		dst = s.sealStream(dst, ct, fragment)
	default:
		dst = s.seal12(dst, ct, fragment)
	}
	if s.err != nil {
		return dst[:at]
	}
	binary.BigEndian.PutUint16(dst[at+3:], uint16(len(dst)-at-HeaderLen))
	s.seq++
	return dst
}

func (s *Sealer) seal13(dst []byte, at int, ct iana.ContentType, fragment []byte) []byte {
	n := len(fragment) + 1
	binary.BigEndian.PutUint16(dst[at+3:], uint16(n+tagLen))
	dst = grow(dst, n+tagLen)
	body := dst[len(dst) : len(dst)+n]
	body[copy(body, fragment)] = byte(ct)
	return s.aead.Seal(dst, s.nonce(), body, dst[at:at+HeaderLen])
}

func (s *Sealer) seal12(dst []byte, ct iana.ContentType, fragment []byte) []byte {
	nonce := s.nonce()
	if s.form == aead12e {
		dst = append(dst, nonce[4:]...)
	}
	ad := s.head12(ct, s.version, len(fragment))
	return s.aead.Seal(grow(dst, len(fragment)+tagLen), nonce, fragment, ad)
}

// grow makes room for n more bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	bigger := make([]byte, len(b), len(b)+n)
	copy(bigger, b)
	return bigger
}

// An Opener takes protection off what is received. Its zero value reads
// records in the clear.
type Opener struct {
	half
	limit
	version iana.Version
	early   bool
}

// ExpectEarlyData allows, while there are no keys, records as long as protected
// ones: those that cannot be read and are passed over.
func (o *Opener) ExpectEarlyData(expect bool) { o.early = expect }

// SetVersion sets the version that records have to have in their header. Until
// it is called, any of SSL 3.0 and above will do.
func (o *Opener) SetVersion(v iana.Version) { o.version = v }

// Install changes the keys. The sequence number starts at 0.
func (o *Opener) Install(k *Keys) error { return o.install(k, true) }

// Again takes back the last Open: its record does not count, because it was
// sealed with keys that are not had here.
func (o *Opener) Again() { o.seq-- }

// Skip passes over a record that was sent and is not had: an observer has gaps.
func (o *Opener) Skip() { o.seq++ }

// Protected reports whether keys were installed.
func (o *Opener) Protected() bool { return o.form != plain }

// Length gives the length of the record whose header is in buf, which is at
// least HeaderLen bytes, and refuses what is not a record or too long.
func (o *Opener) Length(buf []byte) (int, error) {
	n := int(binary.BigEndian.Uint16(buf[3:]))
	most := maxExpanded12
	switch o.form {
	case plain:
		most = MaxPlaintext
		if o.early && iana.ContentType(buf[0]) == iana.ContentApplicationData {
			most = maxExpanded13
		}
	case aead13:
		most = maxExpanded13
	}
	// An alert in the clear may be of a peer that does not know the version yet.
	anyVersion := o.version == 0 || o.form == plain && iana.ContentType(buf[0]) == iana.ContentAlert
	if buf[1] != 3 || !anyVersion && o.version != versionOf(buf) {
		return 0, fault.With(fault.RecordVersionWrong, "%v", versionOf(buf))
	}
	if n > most {
		return 0, fault.With(fault.RecordOverflow, "%d bytes, the limit is %d", n, most)
	}
	return HeaderLen + n, nil
}

// versionOf gives the version in the header of a record.
func versionOf(rec []byte) iana.Version { return iana.Version(binary.BigEndian.Uint16(rec[1:])) }

// Open takes the protection off a whole record, in place. What it gives lies in
// rec.
func (o *Opener) Open(rec []byte) (ct iana.ContentType, content []byte, err error) {
	ct, content = iana.ContentType(rec[0]), rec[HeaderLen:]
	switch o.form {
	case plain:
		if len(content) > o.Limit() {
			return ct, nil, fault.PlaintextOverflow
		}
		return ct, content, nil
	case aead13:
		ct, content, err = o.open13(rec)
	case cbcMtE, cbcEtM:
		content, err = o.openCBC(ct, rec)
	case rc4MtE:
		content, err = o.openStream(ct, rec)
	default:
		content, err = o.open12(ct, rec)
	}
	if err == nil && len(content) > o.Limit() {
		err = fault.PlaintextOverflow
	}
	o.seq++
	return ct, content, err
}

func (o *Opener) open13(rec []byte) (iana.ContentType, []byte, error) {
	if iana.ContentType(rec[0]) != iana.ContentApplicationData {
		return 0, nil, fault.With(fault.OuterTypeWrong, "%v", iana.ContentType(rec[0]))
	}
	body := rec[HeaderLen:]
	if len(body) < tagLen {
		return 0, nil, fault.RecordTooShort
	}
	content, err := o.aead.Open(body[:0], o.nonce(), body, rec[:HeaderLen])
	if err != nil {
		return 0, nil, fault.BadRecordMAC
	}
	if len(content) > o.Limit()+1 { // RFC 8449, section 4: the type and the padding count
		return 0, nil, fault.PlaintextOverflow
	}
	for i := len(content) - 1; i >= 0; i-- { // RFC 9846, section 5.4
		if content[i] != 0 {
			return iana.ContentType(content[i]), content[:i], nil
		}
	}
	return 0, nil, fault.InnerTypeMissing
}

func (o *Opener) open12(ct iana.ContentType, rec []byte) ([]byte, error) {
	nonce := o.nonce()
	body := rec[HeaderLen:]
	if o.form == aead12e {
		if len(body) < 8 {
			return nil, fault.RecordTooShort
		}
		copy(nonce[4:], body)
		body = body[8:]
	}
	if len(body) < tagLen {
		return nil, fault.RecordTooShort
	}
	ad := o.head12(ct, versionOf(rec), len(body)-tagLen)
	content, err := o.aead.Open(body[:0], nonce, body, ad)
	if err != nil {
		return nil, fault.BadRecordMAC
	}
	return content, nil
}

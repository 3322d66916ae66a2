package schedule

// A Secret is a secret of the schedule. It is as long as its hash.
type Secret struct {
	b [maxHash]byte
	h Hash
}

// NewSecret makes a secret of bytes that were kept.
func NewSecret(h Hash, b []byte) Secret {
	s := Secret{h: h}
	copy(s.b[:], b)
	return s
}

// Bytes gives the secret. It must not be changed.
func (s *Secret) Bytes() []byte { return s.b[:s.h.Size()] }

// Hash gives the hash that the secret goes with.
func (s *Secret) Hash() Hash { return s.h }

// extract is HKDF-Extract (RFC 5869, section 2.2).
func extract(h Hash, salt, ikm []byte) (s Secret) {
	s.h = h
	h.MAC(&s.b, salt, ikm)
	return s
}

// expandLabel is HKDF-Expand-Label, RFC 9846, section 7.1. It fills out, which
// may be longer than the hash.
func (s *Secret) expandLabel(out []byte, label string, context []byte) {
	var info [2 + 1 + 255 + 1 + 255]byte
	info[0], info[1] = byte(len(out)>>8), byte(len(out))
	n := 3 + copy(info[3:], "tls13 ")
	n += copy(info[n:], label)
	info[2] = byte(n - 3)
	info[n] = byte(len(context))
	n += 1 + copy(info[n+1:], context)

	s.expand(out, info[:n])
}

// expand is HKDF-Expand (RFC 5869, section 2.3). It fills out, at most 255
// times the hash.
func (s *Secret) expand(out, info []byte) {
	var t [maxHash]byte
	previous := t[:0]
	for i := byte(1); len(out) > 0; i++ {
		s.h.MAC(&t, s.Bytes(), previous, info, []byte{i})
		previous = t[:s.h.Size()]
		out = out[copy(out, previous):]
	}
}

// derive is Derive-Secret with the hash of the transcript.
func (s *Secret) derive(label string, transcript []byte) (d Secret) {
	d.h = s.h
	s.expandLabel(d.b[:s.h.Size()], label, transcript)
	return d
}

// next goes to the next stage: Extract with a salt derived from this one.
func (s *Secret) next(ikm []byte) Secret {
	var zeros [maxHash]byte
	salt := s.derive("derived", s.h.empty())
	if ikm == nil {
		ikm = zeros[:s.h.Size()]
	}
	return extract(s.h, salt.Bytes(), ikm)
}

// Early is the stage of the pre-shared key.
type Early struct{ s Secret }

// NewEarly begins the schedule with a pre-shared key, nil if there is none.
func NewEarly(h Hash, psk []byte) Early {
	if psk == nil {
		return withoutPSK[h]
	}
	return newEarly(h, psk)
}

func newEarly(h Hash, psk []byte) Early {
	var zeros [maxHash]byte
	return Early{extract(h, zeros[:h.Size()], psk)}
}

// withoutPSK is the same in every handshake.
var withoutPSK = [...]Early{
	SHA256: newEarly(SHA256, make([]byte, SHA256.Size())),
	SHA384: newEarly(SHA384, make([]byte, SHA384.Size())),
}

// A Binder is what the key of binders is derived for. RFC 9846, section 7.1; RFC
// 9258, section 5.2.
type Binder uint8

const (
	ResumptionBinder Binder = iota
	ExternalBinder
	ImportedBinder
)

// ImportedPSK derives a key of n bytes from an external one, whose hash is h, and
// the whole of its imported identity. RFC 9258, section 5.1.
func ImportedPSK(h Hash, external, identity []byte, n int) []byte {
	var zeros [maxHash]byte
	secret := extract(h, zeros[:h.Size()], external)
	out := make([]byte, n)
	secret.expandLabel(out, "derived psk", h.Sum(nil, identity))
	return out
}

// BinderKey gives the key of the binders of a pre-shared key.
func (e Early) BinderKey(b Binder) Secret {
	return e.s.derive([...]string{"res binder", "ext binder", "imp binder"}[b], e.s.h.empty())
}

// ClientTraffic gives client_early_traffic_secret. transcript is the hash of
// the ClientHello.
func (e Early) ClientTraffic(transcript []byte) Secret { return e.s.derive("c e traffic", transcript) }

// Exporter gives early_exporter_secret. transcript is the hash of the
// ClientHello.
func (e Early) Exporter(transcript []byte) Secret { return e.s.derive("e exp master", transcript) }

// Handshake goes on with the secret of the key exchange.
func (e Early) Handshake(shared []byte) Handshake { return Handshake{e.s.next(shared)} }

// Handshake is the stage of the key exchange.
type Handshake struct{ s Secret }

// ClientTraffic gives client_handshake_traffic_secret. transcript is the hash
// up to the ServerHello.
func (h Handshake) ClientTraffic(transcript []byte) Secret {
	return h.s.derive("c hs traffic", transcript)
}

// ServerTraffic gives server_handshake_traffic_secret.
func (h Handshake) ServerTraffic(transcript []byte) Secret {
	return h.s.derive("s hs traffic", transcript)
}

// Master goes to the last stage.
func (h Handshake) Master() Master { return Master{h.s.next(nil)} }

// Master is the last stage.
type Master struct{ s Secret }

// ClientTraffic gives client_application_traffic_secret_0. transcript is the
// hash up to the server's Finished.
func (m Master) ClientTraffic(transcript []byte) Secret {
	return m.s.derive("c ap traffic", transcript)
}

// ServerTraffic gives server_application_traffic_secret_0.
func (m Master) ServerTraffic(transcript []byte) Secret {
	return m.s.derive("s ap traffic", transcript)
}

// Exporter gives exporter_secret.
func (m Master) Exporter(transcript []byte) Secret { return m.s.derive("exp master", transcript) }

// Resumption gives resumption_secret. transcript is the hash up to the client's
// Finished.
func (m Master) Resumption(transcript []byte) Secret { return m.s.derive("res master", transcript) }

// TrafficKeys gives the key, of keyLen bytes, and the IV of a traffic secret.
// RFC 9846, section 7.3.
func (s *Secret) TrafficKeys(keyLen int) (key [32]byte, iv [12]byte) {
	s.expandLabel(key[:keyLen], "key", nil)
	s.expandLabel(iv[:], "iv", nil)
	return key, iv
}

// FinishedMAC appends the verify_data of a Finished under a handshake traffic
// secret, or a binder under a binder key. RFC 9846, section 4.5.3.
func (s *Secret) FinishedMAC(dst, transcript []byte) []byte {
	key := s.derive("finished", nil)
	var out [maxHash]byte
	s.h.MAC(&out, key.Bytes(), transcript)
	return append(dst, out[:s.h.Size()]...)
}

// NextTraffic gives the traffic secret after a KeyUpdate. RFC 9846, section
// 7.2.
func (s *Secret) NextTraffic() Secret { return s.derive("traffic upd", nil) }

// TicketPSK gives the pre-shared key of a ticket from the resumption secret.
// RFC 9846, section 4.7.1.
func (s *Secret) TicketPSK(nonce []byte) Secret { return s.derive("resumption", nonce) }

// Export gives n bytes of keying material from the exporter secret. RFC 9846,
// section 7.5. The label has at most 249 bytes, n is at most 255 times the hash.
func (s *Secret) Export(label string, context []byte, n int) []byte {
	hashed := hashOf(s.h, context)
	d := s.derive(label, s.h.empty())
	out := make([]byte, n)
	d.expandLabel(out, "exporter", hashed[:s.h.Size()])
	return out
}

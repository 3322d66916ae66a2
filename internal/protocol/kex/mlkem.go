package kex

import (
	"io"

	"github.com/cloudflare/circl/kem"
	"github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	"github.com/cloudflare/circl/kem/mlkem/mlkem768"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// alone gives the scheme of a group that is ML-KEM and no curve beside it, nil
// for the others. draft-ietf-tls-mlkem.
func alone(g iana.Group) kem.Scheme {
	switch g {
	case iana.MLKEM768:
		return mlkem768.Scheme()
	case iana.MLKEM1024:
		return mlkem1024.Scheme()
	}
	return nil
}

// generateAlone makes the key of a group that is ML-KEM alone.
func (k *Key) generateAlone(s kem.Scheme, rand io.Reader) error {
	var seed [64]byte
	if err := fill(rand, seed[:s.SeedSize()]); err != nil {
		return err
	}
	defer cleanUpper()
	public, private := s.DeriveKeyPair(seed[:s.SeedSize()])
	k.alone = private
	var err error
	if k.public, err = public.MarshalBinary(); err != nil {
		return fault.With(fault.Internal, "%v: %w", k.group, err)
	}
	return nil
}

// decapsulateAlone appends the secret in the server's share.
func (k *Key) decapsulateAlone(b, ciphertext []byte) ([]byte, error) {
	defer cleanUpper()
	secret, err := k.alone.Scheme().Decapsulate(k.alone, ciphertext)
	if err != nil {
		return b, fault.With(fault.KeyShareInvalid, "%v: %w", k.group, err)
	}
	return append(b, secret...), nil
}

// respondAlone is Respond for a group that is ML-KEM alone.
func respondAlone(s kem.Scheme, rand io.Reader, peer, share, secret []byte) (outShare, outSecret []byte, err error) {
	var seed [32]byte
	if err := fill(rand, seed[:s.EncapsulationSeedSize()]); err != nil {
		return share, secret, err
	}
	defer cleanUpper()
	public, err := s.UnmarshalBinaryPublicKey(peer)
	if err != nil {
		return share, secret, fault.With(fault.KeyShareInvalid, "%s: %w", s.Name(), err)
	}
	ciphertext, shared, err := s.EncapsulateDeterministically(public, seed[:])
	if err != nil {
		return share, secret, fault.With(fault.KeyShareInvalid, "%s: %w", s.Name(), err)
	}
	return append(share, ciphertext...), append(secret, shared...), nil
}

package prf

import "sync"

// A Keyed is a Function with the master secret for its key, for what a handshake
// derives from it.
type Keyed struct {
	function Function
	master   []byte
	p        *phash // nil: as slow as Fill
}

// With gives the function with a key, which has to stay as it is until Free.
func (f Function) With(master []byte) Keyed {
	k := Keyed{function: f, master: master}
	if from := f.pool(); from != nil {
		k.p = take(from, master)
	}
	return k
}

// Free wipes what the key was kept in. What is asked of k later is right, too,
// and takes longer.
func (k *Keyed) Free() {
	if k.p != nil {
		k.p.free(k.function.pool())
		k.p = nil
	}
}

// pool gives where the one hash of the function is, nil if it has two.
func (f Function) pool() *sync.Pool {
	switch f {
	case tls12:
		return withSHA256
	case tls12SHA384:
		return withSHA384
	}
	return nil
}

// KeyBlock fills out with the connection's keys. RFC 5246, section 6.3.
func (f Function) KeyBlock(out, master, clientRandom, serverRandom []byte) {
	k := f.With(master)
	k.KeyBlock(out, clientRandom, serverRandom)
	k.Free()
}

// KeyBlock fills out with the connection's keys. RFC 5246, section 6.3.
func (k *Keyed) KeyBlock(out, clientRandom, serverRandom []byte) {
	k.fill(out, "key expansion", serverRandom, clientRandom)
}

// Finished gives the verify_data of a side. RFC 5246, section 7.4.9.
func (k *Keyed) Finished(server bool, transcript []byte) (v [FinishedLen]byte) {
	label := "client finished"
	if server {
		label = "server finished"
	}
	k.fill(v[:], label, transcript)
	return v
}

func (k *Keyed) fill(out []byte, label string, seed ...[]byte) {
	if k.p == nil {
		k.function.Fill(out, k.master, label, seed...)
		return
	}
	k.p.fill(out, label, seed)
}

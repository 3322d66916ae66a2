package schedule

// ECHConfirmation gives the eight bytes with which a server tells that it has
// read the ClientHelloInner with the random: in its HelloRetryRequest if retry
// is set, else in its ServerHello. transcript is the hash up to that message
// with zeros in their place. RFC 9849, section 7.2.
func ECHConfirmation(h Hash, random, transcript []byte, retry bool) (confirmation [8]byte) {
	label := "ech accept confirmation"
	if retry {
		label = "hrr ech accept confirmation"
	}
	var zeros [maxHash]byte
	prk := extract(h, zeros[:h.Size()], random)
	prk.expandLabel(confirmation[:], label, transcript)
	return confirmation
}

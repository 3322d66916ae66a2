package handshake

// KeepTranscript keeps the transcript for authentication after the handshake, if
// both sides want to be able to. RFC 9846, section 4.3.6.
func (c *Core) KeepTranscript(offered bool) (err error) {
	if c.Config.PostHandshakeAuth && offered {
		c.Done.Transcript, err = c.Transcript.Save()
	}
	return err
}

package engine

import "github.com/handsel-tls/handsel/internal/protocol/handshake"

func (c *Conn) newLegacy() machine { return nil }

func legacyDiagrams() []handshake.Diagram { return nil }

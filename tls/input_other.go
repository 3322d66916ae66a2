//go:build !unix

package tls

import "errors"

// useSocket leaves the socket alone where it cannot be waited for.
func (in *input) useSocket() {}

func (in *input) readSocket() error { return errors.ErrUnsupported } // raw is never set

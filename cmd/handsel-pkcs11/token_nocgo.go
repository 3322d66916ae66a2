//go:build !cgo

package main

import (
	"errors"

	"github.com/handsel-tls/handsel/internal/serve/signer"
)

// token stands in for that of token.go.
type token struct{}

func open(place) (*token, error) {
	return nil, errors.New("this program was built without cgo, and cannot load the library of a token: build it again where there is a C compiler")
}

func (*token) sign(*signer.Request) ([]byte, error) { return nil, errors.ErrUnsupported }
func (*token) close()                               {}

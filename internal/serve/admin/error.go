package admin

import (
	"errors"
	"net/http"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// An Error is what the API answers when it does not do what it was asked.
type Error struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`    // not_found, exists, in_file, in_use, needs_password, wrong, failed
	Message string `json:"message"` // for people: what is wrong, and the way out
}

func (e *Error) Error() string { return e.Message }

// The codes of errors, and the statuses they come with.
var statuses = map[string]int{
	"not_found":      http.StatusNotFound,
	"exists":         http.StatusConflict,   // what was to be added is there
	"in_file":        http.StatusConflict,   // it stands in the configuration file
	"in_use":         http.StatusConflict,   // a binding needs what was to be removed
	"needs_password": http.StatusBadRequest, // a file is encrypted
	"wrong":          http.StatusBadRequest,
	"failed":         http.StatusInternalServerError, // such as an address that cannot be had, or a full disk
}

// fail makes an error with a code.
func fail(code string, err error) *Error {
	return &Error{Status: statuses[code], Code: code, Message: err.Error()}
}

// asError gives what the API answers for an error.
func asError(err error) *Error {
	var e *Error
	var bad *certs.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, assemble.ErrInFile):
		return fail("in_file", err)
	case errors.Is(err, assemble.ErrNotFound), errors.Is(err, certs.ErrNotFound):
		return fail("not_found", err)
	case errors.As(err, &bad):
		return fail("wrong", err)
	}
	return fail("failed", err)
}

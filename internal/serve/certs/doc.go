// Package certs keeps the certificates of a server: a store in a database file,
// where each is found by its thumbprint, and a certificate authority for
// development that is made once and issues what is asked of it.
//
// What is wrong with a certificate is said when it is added, not when a client
// stumbles over it: an Error keeps it out, a Notice comes with it.
package certs

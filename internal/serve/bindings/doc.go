// Package bindings says which record serves a connection: the address it
// reached, and the name the client sent, lead to one Binding.
//
// A Binding is a Key and its Settings. A Table is a snapshot of bindings that
// never changes; a server holds one in an atomic.Pointer and replaces it as a
// whole, so that a lookup takes no lock and a change drops no connection.
// Table.Lookup gives the record. Table.Explain tells, for a person, what each
// rule found and which records the winner hid. Check finds mistakes before
// anybody connects.
//
// The order is the one Microsoft publishes for HTTP.SYS, with a rule of this
// project's for wildcard names:
//
//	1  address        the exact IP address and port
//	2  name           the exact host name sent in SNI, and the port
//	3  wildcard name  *.rest for a host name label.rest (this project's rule)
//	4  central store  a certificate found by host name in a Source
//	5  [::]           any connection over IPv6
//	6  0.0.0.0        any connection, over IPv4 or IPv6
//
// Without SNI rules 2 to 4 cannot fire.
package bindings

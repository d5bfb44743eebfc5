// Whoever imports the SDK needs the messages, the errors and the typed clients that it speaks in.
@_exported public import MessageCoding
@_exported public import Messages
@_exported public import RPC
@_exported public import ServiceStubs
@_exported public import struct RPCTransport.TLSCredentials
@_exported public import struct RPCTransport.TransportError

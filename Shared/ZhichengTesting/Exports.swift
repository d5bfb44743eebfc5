// Whoever tests a program of the SDK speaks the SDK.
@_exported public import ZhichengClient

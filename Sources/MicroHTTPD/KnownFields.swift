import FlowHTTP

/// The fields of the last request of a connection that passed all checks, and what they say of its body: a client mostly
/// sends the same with every request.
struct KnownFields {
    let fields: RequestFields
    let version: String
    let framing: RequestReader.Framing
}

import FlowHTTP

extension HTTPResponse {
    /// Says where the next page of a list is (RFC 8288): the request's own target with another cursor.
    mutating func linkNext(_ cursor: String, after request: HTTPRequest, name: String = "cursor") {
        let kept = (request.query ?? "").split(separator: "&").filter { !$0.hasPrefix(name + "=") }
        let target = (kept + ["\(name)=\(cursor)"]).joined(separator: "&")
        fields.append(("Link", "<\(request.path)?\(target)>; rel=\"next\""))
    }
}

/// An answer that leads to another place.
struct Redirect: Sendable {
    let status: Int
    let location: String

    /// Takes an answer's head; `nil` when it leads nowhere.
    init?(_ head: OutboundHTTP.AnswerHead) {
        guard [301, 302, 303, 307, 308].contains(head.status), let location = head["location"] else { return nil }
        status = head.status
        self.location = location
    }
}

extension OutboundHTTP.Call {
    /// Goes to where a redirect leads.
    mutating func follow(_ redirect: Redirect, to next: OutboundURL) {
        if next.origin != url.origin {
            // What authenticates with one server is not told to another, by whatever name it goes.
            let harmless: Set<String> = ["accept", "accept-language", "content-type", "user-agent", "traceparent"]
            headers.removeAll { !harmless.contains($0.name.lowercased()) }
        }
        url = next
        if redirect.status == 303 || (redirect.status <= 302 && method == "POST") {
            method = "GET"
            body = nil
            headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
        }
    }
}

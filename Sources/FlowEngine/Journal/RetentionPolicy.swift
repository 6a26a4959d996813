/// How long finished runs are kept.
public struct RetentionPolicy: Hashable, Sendable {
    /// Finished runs older than this are removed; `nil` keeps them.
    public var maximumAge: Duration?
    /// Of the finished runs only this many, the newest, are kept; `nil` keeps them all.
    public var maximumCount: Int?

    /// Makes a policy; without arguments it keeps everything.
    public init(maximumAge: Duration? = nil, maximumCount: Int? = nil) {
        self.maximumAge = maximumAge
        self.maximumCount = maximumCount
    }
}

import CAssets

/// The files that the binary carries.
enum Assets {
    /// The description of the API.
    static let openAPI = bytes(flow_asset_openapi())
    /// The description of the API as a page.
    static let docs = bytes(flow_asset_docs())

    private static func bytes(_ asset: flow_asset) -> [UInt8] {
        // Safe because the asset is a constant of the program.
        Array(UnsafeBufferPointer(start: asset.bytes, count: asset.size))
    }
}

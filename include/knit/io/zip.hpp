// SPDX-License-Identifier: BSL-1.0
// zip.hpp -- in: the bytes of a zip archive. out: its members, unpacked.
#pragma once
#include <knit/io/file.hpp>
#include <set>

namespace knit::detail {

/// What the directory of an archive says of a member. Local headers say it again, but not always, so they are not
/// asked.
struct zip_member {
  std::string name;
  unsigned flags, method;
  std::uint32_t crc, packed_size, size, header;
};

/// "data.npz:x.npy", for messages.
inline std::string member_path(std::string const& archive, zip_member const& m) { return archive + ":" + printable(m.name); }

/// Numbers of an archive, lowest byte first.
class zip_bytes {
 public:
  zip_bytes(std::span<std::uint8_t const> bytes, std::string const& path) : bytes_(bytes), path_(path) {}

  std::span<std::uint8_t const> at(std::size_t place, std::size_t count, char const* what) const {
    if (place > bytes_.size() || count > bytes_.size() - place)
      refuse(path_, std::string("is a corrupt zip archive: ") + what + " at byte " + std::to_string(place) + " is beyond its end");
    return bytes_.subspan(place, count);
  }
  /// A record of so many bytes, which begins with a signature.
  std::span<std::uint8_t const> record(std::size_t place, std::size_t count, std::uint32_t signature, char const* what) const {
    auto const r = at(place, count, what);
    if (four(r, 0) != signature)
      refuse(path_, std::string("is a corrupt zip archive: there is no ") + what + " at byte " + std::to_string(place));
    return r;
  }
  static std::uint32_t two(std::span<std::uint8_t const> r, std::size_t i) { return std::uint32_t(r[i] | r[i + 1] << 8); }
  static std::uint32_t four(std::span<std::uint8_t const> r, std::size_t i) { return two(r, i) | two(r, i + 2) << 16; }

 private:
  std::span<std::uint8_t const> bytes_;
  std::string const& path_;
};

constexpr std::uint32_t zip_end_signature = 0x06054b50, zip_entry_signature = 0x02014b50, zip_header_signature = 0x04034b50;

/// Where the record at the end of an archive begins: a comment of up to 65535 bytes may be behind it.
inline std::size_t zip_end(std::span<std::uint8_t const> bytes, std::string const& path) {
  constexpr std::size_t size = 22;
  for (std::size_t comment = 0; comment <= 0xffff && comment + size <= bytes.size(); ++comment) {
    const std::size_t place = bytes.size() - size - comment;
    auto const r = bytes.subspan(place);
    if (zip_bytes::four(r, 0) == zip_end_signature && zip_bytes::two(r, 20) == comment) return place;
  }
  refuse(path, "is no zip archive, or a truncated one: it has no end record");
}

/// The directory of an archive. Throws data_error if it is none, corrupt, in several parts or of zip64, or has a name
/// twice.
/// Source: PKWARE, APPNOTE.TXT, 4.3.
inline std::vector<zip_member> zip_members(std::span<std::uint8_t const> bytes, std::string const& path) {
  const zip_bytes zip(bytes, path);
  auto const end = bytes.subspan(zip_end(bytes, path));
  const std::uint32_t count = zip.two(end, 10);
  std::size_t place = zip.four(end, 16);
  auto const refuse_zip64 = [&](bool zip64) {
    if (zip64) refuse(path, "is a zip64 archive, which is not supported; save its arrays as .npy");
  };
  refuse_zip64(count == 0xffff || place == 0xffffffff);
  if (zip.four(end, 4) != 0 || zip.two(end, 8) != count) refuse(path, "is one part of a zip archive in several");
  std::vector<zip_member> all;
  std::set<std::string> names;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto const r = zip.record(place, 46, zip_entry_signature, "directory entry");
    const std::uint32_t name_size = zip.two(r, 28);
    auto const name = zip.at(place + 46, name_size, "name");
    all.push_back({std::string(name.begin(), name.end()), zip.two(r, 8), zip.two(r, 10), zip.four(r, 16), zip.four(r, 20),
                   zip.four(r, 24), zip.four(r, 42)});
    zip_member const& m = all.back();
    if (!names.insert(m.name).second) refuse(path, "has two members of the name " + in_quotes(m.name));
    refuse_zip64(m.packed_size == 0xffffffff || m.size == 0xffffffff || m.header == 0xffffffff);
    place += 46 + name_size + zip.two(r, 30) + zip.two(r, 32);
  }
  return all;
}

/// A member, unpacked and checked. Memory grows with what is unpacked, which is no more than the directory says.
inline std::vector<std::uint8_t> unzipped(std::span<std::uint8_t const> bytes, zip_member const& m, std::string const& path) {
  auto const name = member_path(path, m);
  if (m.flags & 1) refuse(name, "is encrypted");
  if (m.method != 0 && m.method != 8)
    refuse(name, "is packed by method " + std::to_string(m.method) + " of zip; supported are 0, stored, and 8, deflate");
  const zip_bytes zip(bytes, path);
  auto const header = zip.record(m.header, 30, zip_header_signature, "header");
  const std::size_t first = m.header + std::size_t(30) + zip.two(header, 26) + zip.two(header, 28);
  unpacked in(zip.at(first, m.packed_size, "member"), name, m.method == 0 ? packing::none : packing::deflate);
  std::vector<std::uint8_t> all = read_rest(in, std::size_t(m.size) + 1);
  if (all.size() != m.size)
    refuse(name, "holds " + (all.size() > m.size ? "more" : std::to_string(all.size())) + " bytes, but the archive says " +
                     std::to_string(m.size));
  if (crc32_z(crc32_z(0, nullptr, 0), all.data(), all.size()) != m.crc) refuse(name, "is corrupt: incorrect checksum");
  return all;
}

}  // namespace knit::detail

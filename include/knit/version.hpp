// SPDX-License-Identifier: BSL-1.0
// version.hpp -- which version of knit this is: the one place that says so, read by CMake and by packages, too.
#pragma once

namespace knit {

/// Semantic versioning; before 1.0 a new minor version may break a program, a new patch may not.
inline constexpr int version_major = 0;
/// Counts what is new.
inline constexpr int version_minor = 1;
/// Counts what is mended.
inline constexpr int version_patch = 0;
/// "MAJOR.MINOR.PATCH"
inline constexpr char const* version_string = "0.1.0";

}  // namespace knit

# SPDX-License-Identifier: BSL-1.0
"""Conan 2's recipe: `conan create .` makes the package knit, whose CMake target is knit::knit."""
import re
from pathlib import Path

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy


class Knit(ConanFile):
    name = "knit"
    description = "Typed expressions, their derivatives at compile time, fused kernels"
    license = "BSL-1.0"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    exports = "include/knit/version.hpp"
    exports_sources = "LICENSE", "include/*", "kernels/*"
    no_copy_source = True

    def set_version(self):
        text = (Path(self.recipe_folder) / "include/knit/version.hpp").read_text()
        self.version = ".".join(re.findall(r"int version_\w+ = (\d+)", text))

    def requirements(self):
        self.requires("boost/[>=1.74 <2]", options={"header_only": True})
        self.requires("range-v3/[>=0.12 <1]")
        self.requires("highway/[>=1.0.3 <2]")
        self.requires("zlib/[>=1.2.11 <2]")

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, Path(self.package_folder) / "licenses")
        for root in "include", "kernels":
            copy(self, "*", Path(self.source_folder) / root, Path(self.package_folder) / "include")

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = []
        self.cpp_info.defines = ["HWY_COMPILE_ONLY_STATIC"]
        self.cpp_info.requires = ["boost::headers", "range-v3::range-v3", "highway::highway", "zlib::zlib"]
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]

# SPDX-License-Identifier: BSL-1.0
"""Stands for one of Conan's packages that knit needs, and is the system's, so that nothing is downloaded."""
from conan import ConanFile


class System(ConanFile):
    package_type = "unknown"
    options = {"header_only": [True, False]}
    default_options = {"header_only": True}

    def package_info(self):
        self.cpp_info.includedirs = self.cpp_info.libdirs = self.cpp_info.bindirs = []
        if self.name == "boost":
            self.cpp_info.components["headers"].includedirs = []
        if self.name == "zlib":
            self.cpp_info.system_libs = ["z"]

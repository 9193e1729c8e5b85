# SPDX-License-Identifier: GPL-3.0-or-later
# `cpack -G DEB` in a build that is complete writes bandwitness-snmp_VERSION_ARCH.deb: install
# component "snmp", always under /usr, whatever prefix the build itself was given. It is the
# only component packaged: CPack leaves all others alone.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bandwitness)
set(CPACK_PACKAGE_VENDOR Bandwitness)
set(CPACK_PACKAGE_CONTACT "Bandwitness <bandwitness@bandwitness.invalid>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_RESOURCE_FILE_README ${CMAKE_SOURCE_DIR}/README.md)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL snmp)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_SNMP_PACKAGE_NAME bandwitness-snmp)
set(CPACK_DEBIAN_SNMP_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SNMP_DESCRIPTION
"reads an edge device's counters for Bandwitness
Bandwitness records what a school's Internet line delivers and carries. Where
the gateway is somebody else's firewall, its daemon bandwitnessd starts this
program to read the counters of one of the device's interfaces by SNMP.
.
It is a package of its own since the library it needs, net-snmp, is large.")

# What Debian wants beside the files that are installed: after staging, before packing.
set(CPACK_BW_PACKAGE_FILES ${CMAKE_SOURCE_DIR}/cmake/package)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/package/stage.cmake)
include(CPack)

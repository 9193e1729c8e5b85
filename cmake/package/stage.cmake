# SPDX-License-Identifier: GPL-3.0-or-later
# Run by CPack when a component's files are staged: adds copyright and changelog, compresses
# what Debian keeps compressed, without names and times so that it is the same every time.
foreach(tool dpkg-shlibdeps file gzip)
  find_program(found_${tool} ${tool})
  if(NOT found_${tool})
    message(FATAL_ERROR "${tool} is missing, without which the package would not say what it "
      "depends on, or be no Debian package: run script/deps build")
  endif()
endforeach()

set(name bandwitness-snmp)
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/snmp/usr/share)
file(GLOB pages ${share}/man/man*/*.[0-9])
if(NOT pages)
  message(FATAL_ERROR "no man page under ${share}: is the build complete?")
endif()

set(doc ${share}/doc/${name})
configure_file(${CPACK_BW_PACKAGE_FILES}/copyright ${doc}/copyright COPYONLY)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH where that is set
file(WRITE ${doc}/changelog
"${name} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Bandwitness ${CPACK_PACKAGE_VERSION}; CHANGELOG.md in its sources tells what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
execute_process(COMMAND ${found_gzip} -9n ${doc}/changelog ${pages} COMMAND_ERROR_IS_FATAL ANY)

# CPack makes folders by the umask of whoever packs.
file(GLOB_RECURSE all LIST_DIRECTORIES true ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/snmp/usr/*)
foreach(path ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/snmp/usr ${all})
  set(execute "")
  if(IS_DIRECTORY ${path} OR path MATCHES "/usr/s?bin/")
    set(execute OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)
  endif()
  file(CHMOD ${path} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ ${execute})
endforeach()

# SPDX-License-Identifier: MPL-2.0
# The Debian packages: one a component. What each depends on beyond its libraries stands here; those are found by dpkg-shlibdeps.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME helios)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${HELIOS_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # else it would come before each package's own
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/deb)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL controller agent tools lib dev)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# Users and directories are made by systemd's own tools, which are to be had without systemd as well.
set(makes_users "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles, init-system-helpers (>= 1.54)")

# package(COMPONENT NAME SUMMARY TEXT): its names and its maintainer scripts.
macro(package component name summary text)
  string(TOUPPER ${component} COMPONENT)
  set(name_of_${component} ${name})
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${COMPONENT}_DESCRIPTION "${summary}\n${text}")
  file(GLOB control ${CMAKE_CURRENT_SOURCE_DIR}/debian/${component}/*)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_CONTROL_EXTRA "${control}")
endmacro()

package(controller helios-controller "closed-loop controller for services and agent swarms"
"heliosd watches the KPIs of a realm, computes its health, hands out durable
tasks to agents, proves each change by measurement and takes back what does
not help. Its state lies in Redis: its own, or one that several controllers
share, of which one leads and the others stand by.")
package(agent helios-agent "agents of Helios: run actions and measure probes"
"helios-agent hosts the agents of one machine: it runs the programs that its
file names, without a shell, on behalf of a Helios controller, and measures
probes of services and of the machine.")
package(tools helios-tools "command line of Helios, and its key tools"
"helios watches and steers a Helios controller: status, top, tap, submit,
why, freeze and the other verbs; it makes keys and checks configurations.")
package(lib libhelios${PROJECT_VERSION_MAJOR} "agents and clients of Helios as a library"
"With libhelios a program connects to the controllers of a realm: it submits
tasks and waits for them, publishes samples of KPIs, or is an agent itself,
whose handlers run actions with progress, checkpoints and cancellation.")
package(dev libhelios-dev "agents and clients of Helios as a library: development files"
"Headers, pkg-config and CMake files for programs that are built with
libhelios: clients, publishers of samples and agents.")
set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libhelios${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_DEPENDS "${makes_users}")
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "${makes_users}")
# The private Redis; who has one elsewhere (state.url) needs none here.
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_RECOMMENDS "redis-server (>= 5:7.0), tzdata")
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_SUGGESTS "helios-tools")
set(CPACK_DEBIAN_AGENT_PACKAGE_SUGGESTS "helios-tools")

# What Debian expects of every package: who may copy it, what has changed, what lintian should overlook.
set(changelog_date "Fri, 20 Nov 2026 12:00:00 +0000")
configure_file(debian/changelog.in changelog @ONLY)
made(changelog.gz DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/changelog COMMAND "gzip -9nc ${CMAKE_CURRENT_BINARY_DIR}/changelog > \"$1\"")
foreach(component ${CPACK_COMPONENTS_ALL})
  set(doc ${CMAKE_INSTALL_DATADIR}/doc/${name_of_${component}})
  install(FILES debian/copyright DESTINATION ${doc} COMPONENT ${component})
  set(overrides ${CMAKE_CURRENT_SOURCE_DIR}/debian/lintian-overrides)
  if(EXISTS ${overrides}.${component})
    string(APPEND overrides .${component})
  endif()
  install(FILES ${overrides} DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME ${name_of_${component}}
    COMPONENT ${component})
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz DESTINATION ${doc} RENAME changelog.Debian.gz COMPONENT ${component})
endforeach()
include(CPack)

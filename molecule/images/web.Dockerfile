# A web server, and around it what piles up when nobody asks why a port is open:
# rpcbind (socket-activated, TCP and UDP), telnet behind inetd, a forgotten file share, a socket unit held by PID 1.
# firewalld is there, and off.
FROM infosec-base:13
RUN apt-get install -qq -y --no-install-recommends firewalld inetutils-telnetd nginx-light openbsd-inetd rpcbind >/dev/null \
 && apt-get clean \
 && systemctl disable -q firewalld.service
RUN printf '[Unit]\nDescription=Share of a project long over\n[Service]\nDynamicUser=yes\nExecStart=/usr/bin/python3 -m http.server --bind :: 8000 --directory /srv\n[Install]\nWantedBy=multi-user.target\n' \
    > /etc/systemd/system/old-share.service \
 && printf '[Unit]\nDescription=Door of a debugger\n[Socket]\nListenStream=9999\nAccept=yes\n[Install]\nWantedBy=sockets.target\n' \
    > /etc/systemd/system/debug-door.socket \
 && printf '[Unit]\nDescription=Debugger\n[Service]\nExecStart=/bin/date\nStandardInput=socket\n' \
    > /etc/systemd/system/debug-door@.service \
 && systemctl enable -q old-share.service debug-door.socket \
 && printf 'telnet\tstream\ttcp\tnowait\troot\t/usr/sbin/telnetd\ttelnetd\n' >> /etc/inetd.conf
